/** Modules that hold other modules under names of their own. */
import { ArgumentError, IndexError, describe } from '../errors';
import { isOptions } from '../functional/arguments';
import type { Tensor } from '../tensor';
import { LINES, MEMBERS, Module, PUT, checkKey } from './module';

/** A symbol, so that no field of a subclass gets in the way. */
const HELD = Symbol('held');

/** Children by name, in order: they live in a map, so that numbers can be names. */
abstract class Container<M extends Module> extends Module {
  /** @internal */
  readonly [HELD] = new Map<string, M>();

  /** @internal The children in the map, then the fields that a subclass has. */
  override *[MEMBERS](): ReturnType<Module[typeof MEMBERS]> {
    yield* this[HELD];
    yield* super[MEMBERS]();
  }

  /** @internal */
  override [PUT](name: string, module: M): void {
    put(this, name, module);
  }

  /** How many modules there are. */
  get length(): number {
    return this[HELD].size;
  }
}

function checkModule(kind: string, module: unknown): void {
  if (!(module instanceof Module))
    throw new ArgumentError(`${kind}: expected a Module, got ${describe(module)}`);
}

function put<M extends Module>(container: Container<M>, name: string, module: M): void {
  const kind = container.constructor.name;
  checkModule(kind, module);
  checkKey(kind, name);
  container[HELD].set(name, module);
}

/** A container whose children are numbered. */
abstract class ModuleSequence<M extends Module> extends Container<M> {
  [Symbol.iterator](): IterableIterator<M> {
    return this[HELD].values();
  }

  /** The i-th module; negative from the end. */
  at(i: number): M {
    const list = [...this[HELD].values()];
    const module = Number.isInteger(i) ? list.at(i) : undefined;
    if (module === undefined)
      throw new IndexError(
        `${this.constructor.name}: index ${describe(i)} is out of range for ${list.length} modules`,
      );
    return module;
  }

  /** Adds a module at the end. */
  append(module: M): this {
    if (this[HELD].has(String(this.length)))
      throw new ArgumentError(`${this.constructor.name}: there is a module named ${this.length} already`);
    put(this, String(this.length), module);
    return this;
  }
}

/**
 * Modules one after the other (https://pytorch.org/docs/stable/generated/torch.nn.Sequential.html):
 * `new Sequential(new Linear(4, 5), new ReLU())`, or named: `new Sequential({ hidden: new Linear(4, 5), act: new ReLU() })`.
 */
export class Sequential extends ModuleSequence<Module> {
  constructor(...modules: readonly Module[] | readonly [Record<string, Module>]) {
    super();
    const [first] = modules;
    if (modules.length === 1 && isOptions(first)) {
      for (const [name, module] of Object.entries(first)) put(this, name, module);
      return;
    }
    if (Array.isArray(first))
      throw new ArgumentError(
        'Sequential: expected modules, got an array; spread it: new Sequential(...modules)',
      );
    (modules as readonly Module[]).forEach((module, i) => put(this, String(i), module));
  }

  override forward(input: Tensor): Tensor {
    let x = input;
    for (const module of this[HELD].values()) x = module.forward(x) as Tensor;
    return x;
  }
}

/**
 * A list of modules that their owner finds (https://pytorch.org/docs/stable/generated/torch.nn.ModuleList.html), in place
 * of an array: `layers = new ModuleList([new Linear(4, 5), new Linear(5, 1)])`.
 */
export class ModuleList<M extends Module = Module> extends ModuleSequence<M> {
  constructor(modules: Iterable<M> = []) {
    super();
    this.extend(modules);
  }

  /** Adds modules at the end. */
  extend(modules: Iterable<M>): this {
    if (typeof (modules as Partial<Iterable<M>> | null)?.[Symbol.iterator] !== 'function')
      throw new ArgumentError(`ModuleList: expected a list of modules, got ${describe(modules)}`);
    // First all of them: they may come from this list itself.
    const added: M[] = [];
    for (const module of modules) {
      checkModule('ModuleList', module);
      added.push(module);
    }
    for (const module of added) this.append(module);
    return this;
  }

  /** A list has no order of computation: its owner calls the modules. */
  override forward(): never {
    throw new ArgumentError('ModuleList: call the modules in it; a list has no forward');
  }

  /** @internal Equal neighbours on one line, as PyTorch prints them. */
  override [LINES](children: readonly (readonly [name: string, text: string])[]): string[] {
    const lines: string[] = [];
    for (let i = 0; i < children.length;) {
      const [name, text] = children[i]!;
      let end = i + 1;
      while (end < children.length && children[end]![1] === text) end++;
      const n = end - i;
      lines.push(n === 1 ? `(${name}): ${text}` : `(${name}-${children[end - 1]![0]}): ${n} x ${text}`);
      i = end;
    }
    return lines;
  }
}

/**
 * Modules by name that their owner finds (https://pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html), in place of
 * an object or a Map: `heads = new ModuleDict({ value: new Linear(5, 1), policy: new Linear(5, 3) })`.
 */
export class ModuleDict<M extends Module = Module> extends Container<M> {
  constructor(modules: Readonly<Record<string, M>> | Iterable<readonly [string, M]> = {}) {
    super();
    if (isOptions(modules)) for (const [name, module] of Object.entries(modules)) put(this, name, module);
    else if (typeof (modules as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] === 'function')
      for (const entry of modules) {
        if (!Array.isArray(entry) || entry.length !== 2)
          throw new ArgumentError(
            `ModuleDict: expected pairs of a name and a module, got ${describe(entry)}`,
          );
        put(this, entry[0], entry[1]);
      }
    else throw new ArgumentError(`ModuleDict: expected an object of modules, got ${describe(modules)}`);
  }

  /**
   * The module of a name.
   * @throws IndexError when there is none.
   */
  get(name: string): M {
    const module = this[HELD].get(name);
    if (module === undefined)
      throw new IndexError(
        `ModuleDict: no module is named ${describe(name)}; there are ${[...this[HELD].keys()].join(', ')}`,
      );
    return module;
  }

  has(name: string): boolean {
    return this[HELD].has(name);
  }

  /** Adds a module, or puts it in the place of the one of that name. */
  set(name: string, module: M): this {
    put(this, name, module);
    return this;
  }

  /** Takes a module out; false if there was none of that name. */
  delete(name: string): boolean {
    return this[HELD].delete(name);
  }

  keys(): IterableIterator<string> {
    return this[HELD].keys();
  }
  values(): IterableIterator<M> {
    return this[HELD].values();
  }
  entries(): IterableIterator<[string, M]> {
    return this[HELD].entries();
  }

  [Symbol.iterator](): IterableIterator<[string, M]> {
    return this.entries();
  }

  /** A dictionary has no order of computation: its owner calls the modules. */
  override forward(): never {
    throw new ArgumentError('ModuleDict: call the modules in it; a dictionary has no forward');
  }
}
