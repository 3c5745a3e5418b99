/** What must be as before when calls have gone by: settings, results, memory. */
import type { Library } from './values';

type Getter = () => unknown;
type Setter = (value: unknown) => void;

interface Setting {
  readonly name: string;
  readonly get: Getter;
  readonly set: Setter;
}

/** Every draw moves this on: it is no setting. */
const MOVING = 'RngState';

/** Pairs such as getX and setX, isX and setX: found by their names. */
function settingsOf(lib: Library): Setting[] {
  const all = lib as unknown as Record<string, unknown>;
  return Object.keys(all).flatMap((key) => {
    const name = /^set([A-Z]\w*)$/.exec(key)?.[1];
    if (name === undefined || name === MOVING) return [];
    const get = all[`get${name}`] ?? all[`is${name}`];
    return typeof get === 'function' ? [{ name: key, get: get as Getter, set: all[key] as Setter }] : [];
  });
}

/** The process's settings, as they were when this was made. */
export class Settings {
  private readonly settings: readonly Setting[];
  private readonly values: readonly unknown[];
  private readonly texts: readonly string[];

  constructor(lib: Library) {
    this.settings = settingsOf(lib);
    this.values = this.settings.map(({ get }) => get());
    this.texts = this.values.map((value) => JSON.stringify(value));
  }

  /** Puts back what has changed, and names it. */
  restore(): string[] {
    return this.settings.flatMap(({ name, get, set }, i) => {
      if (JSON.stringify(get()) === this.texts[i]) return [];
      set(this.values[i]);
      return [name];
    });
  }
}

/** The losses of a small training: always the same. */
export function trainingLosses(lib: Library): number[] {
  const { nn, optim } = lib;
  const filled = (rows: number, columns: number, scale: number) =>
    lib
      .arange(rows * columns)
      .reshape(rows, columns)
      .remainder(7)
      .sub(3)
      .mul(scale)
      .to('float32');
  const net = new nn.Sequential(new nn.Linear(4, 8), new nn.Tanh(), new nn.Linear(8, 3));
  lib.noGrad(() => {
    for (const p of net.parameters())
      p.copy_(filled(p.shape[0]!, p.shape[1] ?? 1, 0.1).reshape([...p.shape]));
  });
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
  const criterion = new nn.CrossEntropyLoss();
  const x = filled(6, 4, 0.5);
  const y = lib.arange(6).remainder(3);
  return Array.from({ length: 5 }, () => {
    const loss = criterion.forward(net.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss.item();
  });
}

/** Tensors that are alive when nothing that the fuzzer holds is. */
export function liveTensors(lib: Library): number {
  lib.collect();
  lib.collect();
  return lib.memoryStats().liveTensors;
}
