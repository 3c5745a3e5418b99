/** The base of all layers and networks. */
import { inspect } from 'util';
import { noGrad, type HookHandle } from '../autograd';
import { DTYPES, dtypeCode, type DType } from '../dtype';
import { cudaIndex, deviceName, resolveDevice, type DeviceLike } from '../device';
import { ArgumentError, DTypeError, ShapeError, describe } from '../errors';
import { bindArguments, booleanArgument, checkOptions, isOptions } from '../functional/arguments';
import { inspected } from '../print';
import { fromShared, shareTensor, type SharedTensor } from '../share';
import { sameShape, showShape } from '../shape';
import { Tensor, checkTensor, setGradient } from '../tensor';
import type { AnyBackwardHook, Gradients } from './backward-hooks';
import { watchErrors } from './error-path';
import { addHook, type AnyHook, type HookOptions } from './hooks';
import { convertTensor, type Target } from './convert';
import { Buffer, Parameter, isBuffer } from './parameter';

/** A module's tensors by their dotted names, as PyTorch spells them. */
export type StateDict = Record<string, Tensor>;

/** A state dict that can be sent to other threads. */
export type SharedStateDict = Record<string, SharedTensor>;

/** Which keys of a state dict found no place, and which places no key. */
export interface IncompatibleKeys {
  readonly missingKeys: readonly string[];
  readonly unexpectedKeys: readonly string[];
}

/** @internal Symbols, so that no field of a user's module gets in the way. */
export const MEMBERS = Symbol('members');
/** @internal */
export const LINES = Symbol('lines');
/** @internal */
export const PUT = Symbol('put');

/** The names under which `registerBuffer` was called, and whether each is saved. */
const registered = new WeakMap<Module, Map<string, boolean>>();

/** @internal Makes known what a copy of a module has of its registered buffers. */
export function copyRegistered(from: Module, to: Module): void {
  const names = registered.get(from);
  if (names !== undefined) registered.set(to, new Map(names));
}

type Member = Parameter | Tensor | Module;

/**
 * A network or a part of one (https://pytorch.org/docs/stable/generated/torch.nn.Module.html): a class whose fields are
 * parameters, buffers and other modules. Fields are looked at when asked; `#private` ones can't be seen.
 */
export abstract class Module {
  /** Whether the module is being trained: some layers behave differently. */
  training = true;

  constructor() {
    watchErrors(this, Module.prototype);
  }

  /** Computes the module's output. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each layer says exactly what it takes and gives
  abstract forward(...inputs: any[]): any;

  /** @internal The parameters, buffers and modules of this module itself, by name. Containers have their own. */
  *[MEMBERS](): Iterable<[string, Member]> {
    for (const name of Object.keys(this)) {
      const value = (this as unknown as Record<string, unknown>)[name];
      if (
        value instanceof Parameter ||
        value instanceof Module ||
        (value instanceof Tensor && (isBuffer(value) || registered.get(this)?.has(name)))
      )
        yield [name, value];
      else checkMember(this, name, value);
    }
  }

  /** This module and all below it, each once, with their dotted names. */
  namedModules(prefix = ''): [string, Module][] {
    checkPrefix('namedModules', prefix);
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

  /** The modules that are this one's own members, each once. */
  namedChildren(): [string, Module][] {
    const seen = new Set<Module>();
    return childrenOf(this).filter(([, child]) => !seen.has(child) && seen.add(child));
  }

  children(): Module[] {
    return this.namedChildren().map(([, module]) => module);
  }

  /** The parameters with their dotted names, each once: this module's own, then those of its children. */
  namedParameters(prefix = '', recurse = true): [string, Parameter][] {
    return namedTensors(this, prefix, recurse, isParameter);
  }

  /** What an optimizer takes. */
  parameters(recurse = true): Parameter[] {
    return this.namedParameters('', recurse).map(([, p]) => p);
  }

  namedBuffers(prefix = '', recurse = true): [string, Tensor][] {
    return namedTensors(this, prefix, recurse, (t): t is Tensor => !isParameter(t));
  }

  buffers(recurse = true): Tensor[] {
    return this.namedBuffers('', recurse).map(([, t]) => t);
  }

  /**
   * Makes a tensor part of the module's state under a name; what is assigned to that name later takes its place.
   * `persistent: false` leaves it out of the state dict.
   */
  registerBuffer(name: string, tensor: Tensor | null, options: { persistent?: boolean } = {}): void {
    checkOptions('registerBuffer', ['persistent'], options);
    const persistent = booleanArgument('registerBuffer', 'persistent', options.persistent, true);
    checkName(this, 'registerBuffer', name);
    if (tensor !== null) checkTensor('registerBuffer', tensor, 'the buffer');
    Object.assign(this, { [name]: tensor === null ? null : Buffer(tensor) });
    const names = registered.get(this) ?? new Map<string, boolean>();
    registered.set(this, names.set(name, persistent));
  }

  /** Makes a parameter part of the module under a name; null stands for one that is absent. */
  registerParameter(name: string, parameter: Parameter | null): void {
    checkName(this, 'registerParameter', name);
    if (parameter !== null && !(parameter instanceof Parameter))
      throw new ArgumentError(`registerParameter: expected a Parameter or null, got ${describe(parameter)}`);
    registered.get(this)?.delete(name);
    Object.assign(this, { [name]: parameter });
  }

  /** Makes a module a child of this one under a name. */
  registerModule(name: string, module: Module | null): void {
    checkName(this, 'registerModule', name);
    if (module !== null && !(module instanceof Module))
      throw new ArgumentError(`registerModule: expected a Module or null, got ${describe(module)}`);
    Object.assign(this, { [name]: module });
  }

  /** `registerModule`. */
  addModule(name: string, module: Module | null): void {
    this.registerModule(name, module);
  }

  /**
   * The module of a dotted name: `net.getSubmodule('layers.0')`; the empty one is this module's.
   * @throws ArgumentError when there is none.
   */
  getSubmodule(target: string): Module {
    return submoduleOf('getSubmodule', this, target);
  }

  /**
   * Puts a module in the place of the one of a dotted name, or makes it a new member of the module above, unless `strict`
   * says that there must be one.
   */
  setSubmodule(target: string, module: Module, options: boolean | { strict?: boolean } = {}): void {
    const [strict] = bindArguments('setSubmodule', ['strict'], [options]);
    if (target === '') throw new ArgumentError('setSubmodule: expected the name of a module, got ""');
    const [above, name] = splitName('setSubmodule', this, target);
    if (booleanArgument('setSubmodule', 'strict', strict, false))
      memberOf('setSubmodule', above, name, Module);
    above[PUT](name, module);
  }

  /**
   * The parameter of a dotted name.
   * @throws ArgumentError when there is none.
   */
  getParameter(target: string): Parameter {
    return memberOf('getParameter', ...splitName('getParameter', this, target), Parameter);
  }

  /**
   * The buffer of a dotted name.
   * @throws ArgumentError when there is none.
   */
  getBuffer(target: string): Tensor {
    const [owner, name] = splitName('getBuffer', this, target);
    const buffer = memberOf('getBuffer', owner, name, Tensor);
    if (buffer instanceof Parameter) throw new ArgumentError(`getBuffer: ${describe(target)} is a parameter`);
    return buffer;
  }

  /** @internal How `setSubmodule` makes a module a member. Containers have their own. */
  [PUT](name: string, module: Module): void {
    this.registerModule(name, module);
  }

  /** Parameters and buffers by their dotted names, detached, sharing storage. */
  stateDict(prefix = ''): StateDict {
    checkPrefix('stateDict', prefix);
    const state: StateDict = {};
    const visit = (module: Module, at: string, above: readonly Module[]): void => {
      checkNoCycle('stateDict', module, above);
      const members = [...module[MEMBERS]()];
      const names = registered.get(module);
      const put = (kind: (t: Tensor) => boolean): void => {
        for (const [name, t] of members)
          if (!(t instanceof Module) && kind(t) && names?.get(name) !== false) state[at + name] = t.detach();
      };
      put(isParameter);
      put((t) => !isParameter(t));
      for (const [name, child] of members)
        if (child instanceof Module) visit(child, `${at}${name}.`, [...above, module]);
    };
    visit(this, prefix, []);
    return state;
  }

  /**
   * Copies a state dict into parameters and buffers; with `assign: true` its tensors take their place instead, without a
   * copy: make optimizers afterwards.
   * @throws ArgumentError for missing and unexpected keys unless `strict` is false, ShapeError for other shapes.
   */
  loadStateDict(state: StateDict, options: { strict?: boolean; assign?: boolean } = {}): IncompatibleKeys {
    if (typeof state !== 'object' || state === null || Array.isArray(state) || state instanceof Tensor)
      throw new ArgumentError(`loadStateDict: expected a state dict, got ${describe(state)}`);
    checkOptions('loadStateDict', ['strict', 'assign'], options);
    const strict = booleanArgument('loadStateDict', 'strict', options.strict, true);
    const assign = booleanArgument('loadStateDict', 'assign', options.assign, false);
    const own = this.stateDict();
    const missingKeys = Object.keys(own).filter((key) => !(key in state));
    const unexpectedKeys = Object.keys(state).filter((key) => !(key in own));
    if (strict && missingKeys.length + unexpectedKeys.length > 0) {
      const missing = missingKeys.length > 0 ? `missing: ${missingKeys.join(', ')}; ` : '';
      const unexpected = unexpectedKeys.length > 0 ? `unexpected: ${unexpectedKeys.join(', ')}; ` : '';
      throw new ArgumentError(
        `loadStateDict: the keys are not those of ${this.constructor.name}: ${missing}${unexpected}` +
          'pass { strict: false } to load the rest',
      );
    }
    const shared = Object.keys(own).filter((key) => key in state);
    for (const key of shared) {
      const t = state[key];
      checkTensor('loadStateDict', t, key);
      if (t.isDisposed) throw new ArgumentError(`loadStateDict: ${key} was disposed`);
      if (!sameShape(t.shape, own[key]!.shape))
        throw new ShapeError(
          `loadStateDict: ${key} has shape ${showShape(own[key]!.shape)}, got ${showShape(t.shape)}`,
        );
    }
    if (assign) assignTensors(this, new Map(shared.map((key) => [key, state[key]!])));
    else noGrad(() => shared.forEach((key) => own[key]!.copy_(state[key]!)));
    return { missingKeys, unexpectedKeys };
  }

  /**
   * The state dict as handles for other threads: a module there that takes it with `loadSharedStateDict` works on the same
   * memory, so it sees what training here does. Hold the handles for as long as threads may come for them (`shareTensor`).
   */
  shareStateDict(prefix = ''): SharedStateDict {
    const state = Object.entries(this.stateDict(prefix));
    return Object.fromEntries(state.map(([key, t]) => [key, shareTensor(t)]));
  }

  /** Puts tensors that another thread shares in the place of this module's own: nothing is copied. */
  loadSharedStateDict(state: SharedStateDict, options: { strict?: boolean } = {}): IncompatibleKeys {
    if (typeof state !== 'object' || state === null || Array.isArray(state) || state instanceof Tensor)
      throw new ArgumentError(
        `loadSharedStateDict: expected what shareStateDict made, got ${describe(state)}`,
      );
    checkOptions('loadSharedStateDict', ['strict'], options);
    const tensors = Object.fromEntries(Object.entries(state).map(([key, h]) => [key, fromShared(h)]));
    return this.loadStateDict(tensors, { ...options, assign: true });
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
    booleanArgument('requiresGrad_', 'value', value, true);
    for (const p of this.parameters()) p.requiresGrad_(value);
    return this;
  }

  /** Drops the parameters' gradients, or (with `setToNone: false`) sets them to zero. */
  zeroGrad(options: { setToNone?: boolean } = {}): void {
    checkOptions('zeroGrad', ['setToNone'], options);
    clearGradients(this.parameters(), booleanArgument('zeroGrad', 'setToNone', options.setToNone, true));
  }

  /** Calls `f` with every module, children first. */
  apply(f: (module: Module) => void): this {
    if (typeof f !== 'function') throw new ArgumentError(`apply: expected a function, got ${describe(f)}`);
    const visit = (module: Module, above: readonly Module[]): void => {
      checkNoCycle('apply', module, above);
      for (const child of module.children()) visit(child, [...above, module]);
      f(module);
    };
    visit(this, []);
    return this;
  }

  /**
   * Moves parameters (with their gradients) and buffers to a device, and converts those that are floating-point to a dtype:
   * `net.to('cuda')`, `net.to('float64')`, `net.to({ device: 'cuda', dtype: 'float16' })`. Parameters stay the same objects,
   * so that optimizers go on; new tensors take the place of buffers
   * (https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.to).
   */
  to(target: DType | DeviceLike | Tensor | ModuleTarget, dtype?: DType): this {
    const wanted = readTarget(target);
    if (dtype !== undefined) wanted.code = floatingCode(dtype);
    if (wanted.code === null && wanted.place === null) return this;
    const replaced = new Map<Tensor, Tensor>();
    for (const module of this.modules()) convert(module, wanted, replaced);
    return this;
  }

  float(): this {
    return this.to('float32');
  }
  double(): this {
    return this.to('float64');
  }
  half(): this {
    return this.to('float16');
  }
  bfloat16(): this {
    return this.to('bfloat16');
  }
  cpu(): this {
    return this.to('cpu');
  }
  /** To the current CUDA device, or the one named. */
  cuda(device?: DeviceLike | number): this {
    return this.to(deviceName(cudaIndex('cuda', device) + 1));
  }

  /**
   * Calls `hook` with the module, the arguments of each call of `forward`, and its result; what the hook returns, unless
   * undefined or null, becomes the result. `prepend`: before the hooks there are.
   */
  registerForwardHook(
    hook: (
      module: this,
      inputs: Parameters<this['forward']>,
      output: ReturnType<this['forward']>,
    ) => ReturnType<this['forward']> | void | null,
    options: HookOptions = {},
  ): HookHandle {
    return addHook('registerForwardHook', this, 'after', hook as AnyHook, options);
  }

  /**
   * Calls `hook` with the module and the arguments before each call of `forward`; an array that the hook returns takes
   * the place of the arguments, anything else (but undefined and null) that of a single one.
   */
  registerForwardPreHook(
    hook: (module: this, inputs: Parameters<this['forward']>) => unknown,
    options: HookOptions = {},
  ): HookHandle {
    return addHook('registerForwardPreHook', this, 'before', hook as AnyHook, options);
  }

  /**
   * Calls `hook` with the module and the gradients of `forward`'s arguments and results (null where there is none) whenever
   * those of the arguments have been computed; what it returns, a gradient or null for each argument, takes the place of
   * the former. What the module takes and gives can't be changed in place while such a hook is there
   * (https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_hook).
   */
  registerFullBackwardHook(
    hook: (module: this, gradInput: Gradients, gradOutput: Gradients) => Gradients | Tensor | void | null,
    options: HookOptions = {},
  ): HookHandle {
    return addHook('registerFullBackwardHook', this, 'backward', hook as AnyBackwardHook, options);
  }

  /**
   * Calls `hook` with the module and the gradients of `forward`'s results before the backward pass goes through the module;
   * what it returns, a gradient or null for each result, takes their place.
   */
  registerFullBackwardPreHook(
    hook: (module: this, gradOutput: Gradients) => Gradients | Tensor | void | null,
    options: HookOptions = {},
  ): HookHandle {
    return addHook('registerFullBackwardPreHook', this, 'backwardPre', hook as AnyBackwardHook, options);
  }

  /** What a layer prints of itself: its sizes and options. */
  extraRepr(): string {
    return '';
  }

  /** As PyTorch prints modules. */
  toString(): string {
    return textOf(this, []);
  }

  /** @internal How the children are listed. */
  [LINES](children: readonly (readonly [name: string, text: string])[]): string[] {
    return children.map(([name, text]) => `(${name}): ${text}`);
  }
}

// What a subclass without a forward of its own has.
Object.defineProperty(Module.prototype, 'forward', {
  writable: true,
  configurable: true,
  value(this: Module) {
    throw new ArgumentError(`${this.constructor.name}: forward is not implemented`);
  },
});

// Outside of the class, whose declaration must not need Node's types.
Object.defineProperty(Module.prototype, inspect.custom, {
  writable: true,
  configurable: true,
  value(this: Module) {
    return inspected(this.toString());
  },
});

function childrenOf(module: Module): [string, Module][] {
  return [...module[MEMBERS]()].filter((entry): entry is [string, Module] => entry[1] instanceof Module);
}

function checkNoCycle(op: string, module: Module, above: readonly Module[]): void {
  if (above.includes(module))
    throw new ArgumentError(
      `${op}: ${module.constructor.name} contains itself; a #private field can refer to a module above`,
    );
}

/** A member of a module, of a kind. */
function memberOf<M extends Member>(
  op: string,
  module: Module,
  name: string,
  kind: abstract new (...given: never[]) => M,
): M {
  for (const [key, member] of module[MEMBERS]()) if (key === name && member instanceof kind) return member;
  throw new ArgumentError(
    `${op}: ${module.constructor.name} has no ${kind.name.toLowerCase()} named ${describe(name)}`,
  );
}

function submoduleOf(op: string, root: Module, target: unknown): Module {
  if (typeof target !== 'string')
    throw new ArgumentError(`${op}: expected a dotted name, got ${describe(target)}`);
  if (target === '') return root;
  return target.split('.').reduce((module, name) => memberOf(op, module, name, Module), root);
}

/** The module that a dotted name's last part is about, and that part. */
function splitName(op: string, root: Module, target: unknown): [owner: Module, name: string] {
  if (typeof target !== 'string')
    throw new ArgumentError(`${op}: expected a dotted name, got ${describe(target)}`);
  const dot = target.lastIndexOf('.');
  return [submoduleOf(op, root, target.slice(0, Math.max(dot, 0))), target.slice(dot + 1)];
}

function checkPrefix(op: string, prefix: unknown): void {
  if (typeof prefix !== 'string')
    throw new ArgumentError(`${op}: expected prefix to be a string, got ${describe(prefix)}`);
}

/** @internal A name that can be part of a dotted one. */
export function checkKey(op: string, name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '' || name.includes('.'))
    throw new ArgumentError(`${op}: expected a name without dots, got ${describe(name)}`);
}

/** Throws for what can't be the name of a new member. */
function checkName(module: Module, op: string, name: string): void {
  checkKey(op, name);
  if (name in Module.prototype) throw new ArgumentError(`${op}: ${name} is a method of Module`);
  const present = (module as unknown as Record<string, unknown>)[name];
  if (present !== undefined && present !== null && !(present instanceof Tensor || present instanceof Module))
    throw new ArgumentError(`${op}: ${module.constructor.name} has a field ${name} already`);
}

function isParameter(t: Tensor): t is Parameter {
  return t instanceof Parameter;
}

function namedTensors<T extends Tensor>(
  module: Module,
  prefix: string,
  recurse: boolean,
  wanted: (t: Tensor) => t is T,
): [string, T][] {
  checkPrefix('namedParameters', prefix);
  const seen = new Set<Tensor>();
  const found: [string, T][] = [];
  const modules: [string, Module][] = recurse ? module.namedModules(prefix) : [[prefix, module]];
  for (const [name, owner] of modules)
    for (const [key, value] of owner[MEMBERS]()) {
      if (value instanceof Module || !wanted(value) || seen.has(value)) continue;
      seen.add(value);
      found.push([name ? `${name}.${key}` : key, value]);
    }
  return found;
}

/** What `Module.to` takes by name. */
export interface ModuleTarget {
  dtype?: DType;
  device?: DeviceLike;
}

function floatingCode(dtype: DType): number {
  const code = dtypeCode('to', dtype);
  if (code > 3)
    throw new DTypeError(`to: modules can be converted to floating-point dtypes only, got ${DTYPES[code]}`);
  return code;
}

/** What `Module.to` is asked for. */
function readTarget(target: unknown): { code: number | null; place: number | null } {
  if (target instanceof Tensor) return { code: target.code > 3 ? null : target.code, place: target.place };
  if (isOptions(target)) {
    checkOptions('to', ['dtype', 'device'], target);
    const { dtype, device } = target as ModuleTarget;
    return {
      code: dtype === undefined ? null : floatingCode(dtype),
      place: device === undefined ? null : resolveDevice('to', device),
    };
  }
  if (typeof target !== 'string')
    throw new ArgumentError(`to: expected a dtype, a device, a Tensor or options, got ${describe(target)}`);
  if ((DTYPES as readonly string[]).includes(target))
    return { code: floatingCode(target as DType), place: null };
  return { code: null, place: resolveDevice('to', target) };
}

/** Converts a module's own tensors. */
function convert(module: Module, target: Target, replaced: Map<Tensor, Tensor>): void {
  for (const [name, value] of [...module[MEMBERS]()]) {
    if (value instanceof Module) continue;
    const made = convertTensor(value, target, replaced);
    if (made !== value) Object.assign(module, { [name]: made });
  }
}

/** Puts tensors in the place of those that have their dotted names; one that several modules share stays shared. */
function assignTensors(root: Module, state: ReadonlyMap<string, Tensor>): void {
  const made = new Map<Tensor, Tensor>();
  const visit = (module: Module, at: string): void => {
    for (const [name, value] of module[MEMBERS]()) {
      if (value instanceof Module) {
        visit(value, `${at}${name}.`);
        continue;
      }
      const given = state.get(at + name);
      if (given === undefined) continue;
      if (!(value instanceof Parameter)) made.set(value, Buffer(given.detach()));
      else if (given instanceof Parameter) made.set(value, given.requiresGrad_(value.requiresGrad));
      else made.set(value, new Parameter(given.detach(), value.requiresGrad));
    }
  };
  visit(root, '');
  for (const module of root.modules())
    for (const [name, value] of [...module[MEMBERS]()])
      if (!(value instanceof Module) && made.has(value)) Object.assign(module, { [name]: made.get(value) });
}

function textOf(module: Module, above: readonly Module[]): string {
  checkNoCycle('toString', module, above);
  const extra = module.extraRepr();
  const texts = childrenOf(module).map(([name, child]) => [name, textOf(child, [...above, module])] as const);
  const children = module[LINES](texts).map(indent);
  const lines = [...(extra ? extra.split('\n') : []), ...children];
  const name = module.constructor.name;
  return children.length === 0 && lines.length < 2
    ? `${name}(${extra})`
    : `${name}(\n  ${lines.join('\n  ')}\n)`;
}

/** So many elements of a list tell what it holds. */
const SAMPLE = 8;

/** The first elements of a collection, and what to call it. */
function sampleOf(value: object): [string, unknown[]] | null {
  if (Array.isArray(value)) return ['an array', value.slice(0, SAMPLE)];
  if (value instanceof Map || value instanceof Set) {
    const first: unknown[] = [];
    for (const item of value.values()) if (first.push(item) >= SAMPLE) break;
    return [describe(value), first];
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return null;
  return [
    'an object',
    Object.keys(value)
      .slice(0, SAMPLE)
      .map((key) => (value as Record<string, unknown>)[key]),
  ];
}

/** Throws for a field that hides modules or parameters. */
function checkMember(module: Module, name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || value instanceof Tensor) return;
  const sample = sampleOf(value);
  if (sample?.[1].some((item) => item instanceof Module || item instanceof Parameter))
    throw new ArgumentError(
      `${module.constructor.name}.${name}: modules and parameters in ${sample[0]} are not found by parameters(); ` +
        'use ModuleList, ModuleDict or Sequential for modules, a field for each parameter',
    );
}

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
