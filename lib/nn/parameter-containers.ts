/** Modules that hold parameters under numbers or names: these are fields of theirs, so that all that goes for fields does. */
import { ArgumentError, IndexError, describe } from '../errors';
import { isOptions } from '../functional/arguments';
import { Tensor } from '../tensor';
import { Module, checkKey } from './module';
import { Parameter } from './parameter';

/** A parameter, or a tensor made one. */
function parameterOf(kind: string, value: unknown): Parameter {
  if (value instanceof Parameter) return value;
  if (value instanceof Tensor) return new Parameter(value);
  throw new ArgumentError(`${kind}: expected a Parameter or a Tensor, got ${describe(value)}`);
}

const sizesOf = (p: Parameter): string => p.shape.join('x');

/** The fields of a container, by what PyTorch calls them. */
function fieldOf(container: Module, name: string): Parameter | undefined {
  if (typeof name !== 'string' || !Object.hasOwn(container, name)) return undefined;
  const value = (container as unknown as Record<string, unknown>)[name];
  return value instanceof Parameter ? value : undefined;
}

function placeOf(list: ParameterList, i: number): number {
  const n = list.length;
  const at = Number.isInteger(i) && i < 0 ? n + i : i;
  if (!Number.isInteger(i) || at < 0 || at >= n)
    throw new IndexError(`ParameterList: index ${describe(i)} is out of range for ${n} parameters`);
  return at;
}

function namesOf(dict: Module): string[] {
  return Object.keys(dict).filter((name) => fieldOf(dict, name) !== undefined);
}

/**
 * A list of parameters that their owner finds (https://pytorch.org/docs/stable/generated/torch.nn.ParameterList.html), in
 * place of an array: `scales = new ParameterList([new Parameter(ones(3)), new Parameter(ones(5))])`.
 */
export class ParameterList extends Module {
  [index: number]: Parameter;

  constructor(values: Iterable<Tensor> = []) {
    super();
    this.extend(values);
  }

  /** How many parameters there are. */
  get length(): number {
    let n = 0;
    while (fieldOf(this, String(n)) !== undefined) n++;
    return n;
  }

  /** The i-th parameter; negative from the end. */
  at(i: number): Parameter {
    return fieldOf(this, String(placeOf(this, i)))!;
  }

  /** Puts a parameter in the place of the i-th one. */
  set(i: number, value: Tensor): this {
    this[placeOf(this, i)] = parameterOf('ParameterList', value);
    return this;
  }

  /** Adds a parameter at the end. */
  append(value: Tensor): this {
    this[this.length] = parameterOf('ParameterList', value);
    return this;
  }

  /** Adds parameters at the end. */
  extend(values: Iterable<Tensor>): this {
    // A tensor's rows would be iterated over, however many they are.
    if (
      values instanceof Tensor ||
      typeof (values as Partial<Iterable<Tensor>> | null)?.[Symbol.iterator] !== 'function'
    )
      throw new ArgumentError(`ParameterList: expected a list of parameters, got ${describe(values)}`);
    // First all of them: they may come from this list itself.
    for (const p of Array.from(values, (value) => parameterOf('ParameterList', value))) this.append(p);
    return this;
  }

  *[Symbol.iterator](): IterableIterator<Parameter> {
    for (let i = 0, p = fieldOf(this, '0'); p !== undefined; p = fieldOf(this, String(++i))) yield p;
  }

  /** A list has no order of computation: its owner uses the parameters. */
  override forward(): never {
    throw new ArgumentError('ParameterList: use the parameters in it; a list has no forward');
  }

  override extraRepr(): string {
    return Array.from(
      this,
      (p, i) => `  (${i}): Parameter containing: [torch.${p.dtype} of size ${sizesOf(p)}]`,
    ).join('\n');
  }
}

/** What PyTorch's older names for tensors of a dtype are made of. */
const TYPES: Partial<Record<string, string>> = {
  float32: 'Float',
  float64: 'Double',
  float16: 'Half',
  bfloat16: 'BFloat16',
};

/**
 * Parameters by name that their owner finds (https://pytorch.org/docs/stable/generated/torch.nn.ParameterDict.html), in
 * place of an object or a Map: `scales = new ParameterDict({ left: new Parameter(ones(3)) })`.
 */
export class ParameterDict extends Module {
  constructor(values: Readonly<Record<string, Tensor>> | Iterable<readonly [string, Tensor]> = {}) {
    super();
    this.update(values);
  }

  /** How many parameters there are. */
  get length(): number {
    return namesOf(this).length;
  }

  /**
   * The parameter of a name.
   * @throws IndexError when there is none.
   */
  get(name: string): Parameter {
    const p = fieldOf(this, name);
    if (p === undefined)
      throw new IndexError(
        `ParameterDict: no parameter is named ${describe(name)}; there are ${namesOf(this).join(', ')}`,
      );
    return p;
  }

  has(name: string): boolean {
    return fieldOf(this, name) !== undefined;
  }

  /** Adds a parameter, or puts it in the place of the one of that name. */
  set(name: string, value: Tensor): this {
    checkKey('ParameterDict', name);
    if (name in this && !this.has(name))
      throw new ArgumentError(`ParameterDict: ${name} is a member of ParameterDict: choose another name`);
    this.registerParameter(name, parameterOf('ParameterDict', value));
    return this;
  }

  /** Sets several parameters. */
  update(values: Readonly<Record<string, Tensor>> | Iterable<readonly [string, Tensor]>): this {
    if (
      values instanceof Tensor ||
      (!isOptions(values) &&
        typeof (values as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] !== 'function')
    )
      throw new ArgumentError(`ParameterDict: expected an object of parameters, got ${describe(values)}`);
    const entries = isOptions(values) ? Object.entries<Tensor>(values as Record<string, Tensor>) : values;
    for (const entry of entries) {
      if (!Array.isArray(entry))
        throw new ArgumentError(
          `ParameterDict: expected pairs of a name and a Tensor, got ${describe(entry)}`,
        );
      const [name, value] = entry as readonly [string, Tensor];
      this.set(name, value);
    }
    return this;
  }

  /** Takes a parameter out; false if there was none of that name. */
  delete(name: string): boolean {
    return this.has(name) && Reflect.deleteProperty(this, name);
  }

  keys(): IterableIterator<string> {
    return namesOf(this).values();
  }
  values(): IterableIterator<Parameter> {
    return namesOf(this)
      .map((name) => this.get(name))
      .values();
  }
  entries(): IterableIterator<[string, Parameter]> {
    return namesOf(this)
      .map((name): [string, Parameter] => [name, this.get(name)])
      .values();
  }

  [Symbol.iterator](): IterableIterator<[string, Parameter]> {
    return this.entries();
  }

  /** A dictionary has no order of computation: its owner uses the parameters. */
  override forward(): never {
    throw new ArgumentError('ParameterDict: use the parameters in it; a dictionary has no forward');
  }

  override extraRepr(): string {
    return Array.from(
      this,
      ([name, p]) =>
        `  (${name}): Parameter containing: [torch.${TYPES[p.dtype] ?? p.dtype}Tensor of size ${sizesOf(p)}]`,
    ).join('\n');
  }
}
