/** The base of all layers and networks. */
import { inspect } from 'util';
import { noGrad } from '../autograd';
import { DTYPES, dtypeCode, type DType } from '../dtype';
import { resolveDevice, type DeviceLike } from '../device';
import { ArgumentError, ShapeError, describe } from '../errors';
import { sameShape, showShape } from '../shape';
import { Tensor, setGradient } from '../tensor';
import { Buffer, Parameter, isBuffer } from './parameter';

/** A module's tensors by their dotted names, as PyTorch spells them. */
export type StateDict = Record<string, Tensor>;

/** Which keys of a state dict found no place, and which places no key. */
export interface IncompatibleKeys {
  readonly missingKeys: readonly string[];
  readonly unexpectedKeys: readonly string[];
}

/** The names of buffers that `registerBuffer` was told not to save. */
const NOT_PERSISTENT = Symbol('not persistent');

type Member = Parameter | Tensor | Module;

/**
 * A network or a part of one (https://pytorch.org/docs/stable/generated/torch.nn.Module.html): a class whose fields are
 * parameters, buffers and other modules. Fields are looked at when asked; `#private` ones can't be seen.
 */
export abstract class Module {
  /** Whether the module is being trained: some layers behave differently. */
  training = true;

  /** Computes the module's output. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each layer says exactly what it takes and gives
  abstract forward(...inputs: any[]): any;

  /** @internal The parameters, buffers and modules of this module itself, by name. Containers have their own. */
  *members(): Iterable<[string, Member]> {
    for (const name of Object.keys(this)) {
      const value = (this as unknown as Record<string, unknown>)[name];
      if (
        value instanceof Parameter ||
        value instanceof Module ||
        (value instanceof Tensor && isBuffer(value))
      )
        yield [name, value];
      else this.checkMember(name, value);
    }
  }

  private checkMember(name: string, value: unknown): void {
    if (typeof value !== 'object' || value === null || value instanceof Tensor) return;
    const prototype: unknown = Object.getPrototypeOf(value);
    const held = Array.isArray(value) ? value : prototype === Object.prototype ? Object.values(value) : [];
    if (held.some((item) => item instanceof Module || item instanceof Parameter))
      throw new ArgumentError(
        `${this.constructor.name}.${name}: modules and parameters in ${Array.isArray(value) ? 'an array' : 'an object'} ` +
          `are not found by parameters(); use Sequential, or a field for each`,
      );
  }

  /** This module and all below it, each once, with their dotted names. */
  namedModules(prefix = ''): [string, Module][] {
    const seen = new Set<Module>();
    const found: [string, Module][] = [];
    const visit = (module: Module, name: string): void => {
      if (seen.has(module)) return;
      seen.add(module);
      found.push([name, module]);
      for (const [key, child] of module.namedChildren()) visit(child, name ? `${name}.${key}` : key);
    };
    visit(this, prefix);
    return found;
  }

  modules(): Module[] {
    return this.namedModules().map(([, module]) => module);
  }

  namedChildren(): [string, Module][] {
    return [...this.members()].filter((entry): entry is [string, Module] => entry[1] instanceof Module);
  }

  children(): Module[] {
    return this.namedChildren().map(([, module]) => module);
  }

  private namedTensors(prefix: string, recurse: boolean, wanted: (t: Tensor) => boolean): [string, Tensor][] {
    const seen = new Set<Tensor>();
    const found: [string, Tensor][] = [];
    const modules: [string, Module][] = recurse ? this.namedModules(prefix) : [[prefix, this]];
    for (const [name, module] of modules)
      for (const [key, value] of module.members()) {
        if (value instanceof Module || !wanted(value) || seen.has(value)) continue;
        seen.add(value);
        found.push([name ? `${name}.${key}` : key, value]);
      }
    return found;
  }

  /** The parameters with their dotted names, each once: this module's own, then those of its children. */
  namedParameters(prefix = '', recurse = true): [string, Parameter][] {
    return this.namedTensors(prefix, recurse, (t) => t instanceof Parameter);
  }

  /** What an optimizer takes. */
  parameters(recurse = true): Parameter[] {
    return this.namedParameters('', recurse).map(([, p]) => p);
  }

  namedBuffers(prefix = '', recurse = true): [string, Tensor][] {
    return this.namedTensors(prefix, recurse, (t) => !(t instanceof Parameter));
  }

  buffers(recurse = true): Tensor[] {
    return this.namedBuffers('', recurse).map(([, t]) => t);
  }

  /** Makes a tensor part of the module's state under a name; `persistent: false` leaves it out of the state dict. */
  registerBuffer(name: string, tensor: Tensor | null, options: { persistent?: boolean } = {}): void {
    this.checkName('registerBuffer', name);
    Object.assign(this, { [name]: tensor === null ? null : Buffer(tensor) });
    if (options.persistent === false) this.temporary().add(name);
  }

  /** Makes a parameter part of the module under a name; null stands for one that is absent. */
  registerParameter(name: string, parameter: Parameter | null): void {
    this.checkName('registerParameter', name);
    if (parameter !== null && !(parameter instanceof Parameter))
      throw new ArgumentError(`registerParameter: expected a Parameter or null, got ${describe(parameter)}`);
    Object.assign(this, { [name]: parameter });
  }

  /** Makes a module a child of this one under a name. */
  registerModule(name: string, module: Module | null): void {
    this.checkName('registerModule', name);
    if (module !== null && !(module instanceof Module))
      throw new ArgumentError(`registerModule: expected a Module or null, got ${describe(module)}`);
    Object.assign(this, { [name]: module });
  }

  private checkName(op: string, name: string): void {
    if (typeof name !== 'string' || name === '' || name.includes('.'))
      throw new ArgumentError(`${op}: expected a name without dots, got ${describe(name)}`);
    if (name in Module.prototype) throw new ArgumentError(`${op}: ${name} is a method of Module`);
  }

  private temporary(): Set<string> {
    const holder = this as unknown as Record<symbol, Set<string> | undefined>;
    if (holder[NOT_PERSISTENT] === undefined)
      Object.defineProperty(this, NOT_PERSISTENT, { value: new Set<string>(), enumerable: false });
    return holder[NOT_PERSISTENT]!;
  }

  /** Parameters and buffers by their dotted names, detached, sharing storage. */
  stateDict(prefix = ''): StateDict {
    const state: StateDict = {};
    const visit = (module: Module, at: string): void => {
      const members = [...module.members()];
      const skipped = module.temporary();
      const put = (kind: (t: Tensor) => boolean): void => {
        for (const [name, t] of members)
          if (!(t instanceof Module) && kind(t) && !skipped.has(name)) state[at + name] = t.detach();
      };
      put((t) => t instanceof Parameter);
      put((t) => !(t instanceof Parameter));
      for (const [name, child] of members) if (child instanceof Module) visit(child, `${at}${name}.`);
    };
    visit(this, prefix);
    return state;
  }

  /**
   * Copies a state dict into parameters and buffers.
   * @throws ArgumentError for missing and unexpected keys unless `strict` is false, ShapeError for other shapes.
   */
  loadStateDict(state: StateDict, options: { strict?: boolean } = {}): IncompatibleKeys {
    const own = this.stateDict();
    const missingKeys = Object.keys(own).filter((key) => !(key in state));
    const unexpectedKeys = Object.keys(state).filter((key) => !(key in own));
    if (options.strict !== false && missingKeys.length + unexpectedKeys.length > 0)
      throw new ArgumentError(
        `loadStateDict: ${this.constructor.name} misses ${JSON.stringify(missingKeys)} and does not know ${JSON.stringify(unexpectedKeys)}; ` +
          'pass { strict: false } to load the rest',
      );
    const shared = Object.keys(own).filter((key) => key in state);
    for (const key of shared) {
      const t = state[key];
      if (!(t instanceof Tensor))
        throw new ArgumentError(`loadStateDict: expected ${key} to be a Tensor, got ${describe(t)}`);
      if (!sameShape(t.shape, own[key]!.shape))
        throw new ShapeError(
          `loadStateDict: ${key} has shape ${showShape(own[key]!.shape)}, got ${showShape(t.shape)}`,
        );
    }
    noGrad(() => shared.forEach((key) => own[key]!.copy_(state[key]!)));
    return { missingKeys, unexpectedKeys };
  }

  /** Sets training mode here and in all children. */
  train(mode = true): this {
    if (typeof mode !== 'boolean')
      throw new ArgumentError(`train: expected a boolean, got ${describe(mode)}`);
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /** Evaluation mode: `train(false)`. */
  eval(): this {
    return this.train(false);
  }

  /** Sets whether the parameters require gradients. */
  requiresGrad_(value = true): this {
    for (const p of this.parameters()) p.requiresGrad_(value);
    return this;
  }

  /** Drops the parameters' gradients, or (with `setToNone: false`) sets them to zero. */
  zeroGrad(options: { setToNone?: boolean } = {}): void {
    clearGradients(this.parameters(), options.setToNone ?? true);
  }

  /** Calls `f` with every module, children first. */
  apply(f: (module: Module) => void): this {
    for (const child of this.children()) child.apply(f);
    f(this);
    return this;
  }

  /** Converts floating-point parameters and buffers to a dtype, in place of the old ones. */
  to(target: DType | DeviceLike): this {
    if (!(DTYPES as readonly string[]).includes(target)) {
      resolveDevice('to', target);
      return this;
    }
    const code = dtypeCode('to', target);
    if (code > 3)
      throw new ArgumentError(`to: modules can be converted to floating-point dtypes only, got ${target}`);
    for (const module of this.modules()) module.convert(target as DType);
    return this;
  }

  float(): this {
    return this.to('float32');
  }
  double(): this {
    return this.to('float64');
  }
  cpu(): this {
    return this;
  }

  /** Replaces this module's own floating-point tensors. */
  private convert(dtype: DType): void {
    for (const [name, value] of [...this.members()]) {
      if (value instanceof Module || !value.isFloatingPoint() || value.dtype === dtype) continue;
      const data = value.detach().to(dtype);
      Object.assign(this, {
        [name]: value instanceof Parameter ? new Parameter(data, value.requiresGrad) : Buffer(data),
      });
    }
  }

  /** What a layer prints of itself: its sizes and options. */
  extraRepr(): string {
    return '';
  }

  /** As PyTorch prints modules. */
  toString(): string {
    const extra = this.extraRepr();
    const children = this.namedChildren().map(([name, child]) => `(${name}): ${indent(child.toString())}`);
    const name = this.constructor.name;
    if (children.length === 0) return `${name}(${extra})`;
    const lines = [...(extra ? extra.split('\n') : []), ...children];
    return `${name}(\n  ${lines.join('\n  ')}\n)`;
  }
}

// Not a member of the class: its type would make users need Node's types.
Object.defineProperty(Module.prototype, inspect.custom, {
  value(this: Module): string {
    return this.toString();
  },
});

function indent(text: string): string {
  return text.split('\n').join('\n  ');
}

/** @internal */
export function clearGradients(parameters: readonly Tensor[], setToNone: boolean): void {
  for (let i = 0; i < parameters.length; i++) {
    const p = parameters[i]!;
    if (setToNone) setGradient(p, null);
    else if (p.gradient !== null) {
      p.gradient = p.gradient.requiresGrad ? p.gradient.detach() : p.gradient;
      noGrad(() => p.gradient!.zero_());
    }
  }
}
