import { ArgumentError, IndexError, describe } from '../errors';
import { flatten } from '../functional/view';
import type { Tensor } from '../tensor';
import { Module } from './module';

/**
 * Modules one after the other (https://pytorch.org/docs/stable/generated/torch.nn.Sequential.html):
 * `new Sequential(new Linear(4, 5), new ReLU())`, or named: `new Sequential({ hidden: new Linear(4, 5), act: new ReLU() })`.
 */
export class Sequential extends Module {
  readonly #modules = new Map<string, Module>();

  constructor(...modules: readonly Module[] | readonly [Record<string, Module>]) {
    super();
    const [first] = modules;
    if (modules.length === 1 && first !== undefined && !(first instanceof Module)) {
      for (const [name, module] of Object.entries(first)) this.put(name, module);
    } else {
      (modules as readonly Module[]).forEach((module, i) => this.put(String(i), module));
    }
  }

  private put(name: string, module: unknown): void {
    if (!(module instanceof Module))
      throw new ArgumentError(`Sequential: expected modules, got ${describe(module)}`);
    this.#modules.set(name, module);
  }

  /** @internal */
  override *members(): Iterable<[string, Module]> {
    yield* this.#modules;
    for (const [name, value] of super.members()) if (value instanceof Module) yield [name, value];
  }

  get length(): number {
    return this.#modules.size;
  }

  [Symbol.iterator](): Iterator<Module> {
    return this.#modules.values();
  }

  /** The i-th module; negative from the end. */
  at(i: number): Module {
    const list = [...this.#modules.values()];
    const module = list.at(i);
    if (module === undefined)
      throw new IndexError(`Sequential: index ${i} is out of range for ${list.length} modules`);
    return module;
  }

  /** Adds a module at the end. */
  append(module: Module): this {
    this.put(String(this.#modules.size), module);
    return this;
  }

  override forward(input: Tensor): Tensor {
    let x = input;
    for (const module of this.#modules.values()) x = module.forward(x) as Tensor;
    return x;
  }
}

/** Makes one dimension of those from `startDim` (1) to `endDim` (-1). */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;
  constructor(startDim = 1, endDim = -1) {
    super();
    this.startDim = startDim;
    this.endDim = endDim;
  }
  override forward(input: Tensor): Tensor {
    return flatten(input, this.startDim, this.endDim);
  }
  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}

/** Its input. */
export class Identity extends Module {
  override forward(input: Tensor): Tensor {
    return input;
  }
}
