/** Grad and inference mode: synchronous scopes, and asynchronous ones that run interleaved. */
import { setTimeout as sleep } from 'timers/promises';
import {
  ArgumentError,
  AutogradError,
  enableGrad,
  enableGradAsync,
  inferenceMode,
  inferenceModeAsync,
  isGradEnabled,
  isInferenceModeEnabled,
  nn,
  noGrad,
  noGradAsync,
  ones,
  optim,
  setGradEnabled,
  setGradEnabledAsync,
  tensor,
} from 'tenon';
import { expectError, wrong } from './errors/table';

const leaf = (...values: number[]) => tensor(values, { requiresGrad: true });

afterEach(() => {
  expect(isGradEnabled()).toBe(true);
  expect(isInferenceModeEnabled()).toBe(false);
});

/** A promise and what settles it. */
function gate(): { open: () => void; opened: Promise<void> } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

describe('synchronous scopes', () => {
  test('setGradEnabled takes a function', () => {
    expect(setGradEnabled(false, () => leaf(1).mul(2).requiresGrad)).toBe(false);
    expect(noGrad(() => setGradEnabled(true, () => leaf(1).mul(2).requiresGrad))).toBe(true);
  });

  test.each([
    ['noGrad', (f: () => unknown) => noGrad(f)],
    ['enableGrad', (f: () => unknown) => enableGrad(f)],
    ['setGradEnabled', (f: () => unknown) => setGradEnabled(false, f)],
    ['inferenceMode', (f: () => unknown) => inferenceMode(f)],
  ])('%s names its asynchronous twin when it is given an asynchronous function', (name, scope) => {
    const message = new RegExp(`^${name}: expected a synchronous function.*use await ${name}Async`);
    expectError(() => scope(async () => Promise.reject(new Error('lost'))), ArgumentError, message);
    expectError(() => scope(() => ({ then: () => undefined })), ArgumentError, message);
    expectError(() => scope(wrong(1)), ArgumentError, new RegExp(`^${name}: expected a function, got 1`));
  });

  test('a statement in a scope is undone with it', () => {
    noGrad(() => setGradEnabled(true));
    expect(isGradEnabled()).toBe(true);
    expectError(() => setGradEnabled(wrong('on')), ArgumentError, /^setGradEnabled: expected a boolean/);
  });
});

describe('asynchronous scopes', () => {
  test('hold after each await and end with the promise', async () => {
    const x = leaf(1);
    const result = await noGradAsync(async () => {
      const first = x.mul(2).requiresGrad;
      await sleep(1);
      const second = x.mul(2).requiresGrad;
      await Promise.resolve();
      return [first, second, isGradEnabled()];
    });
    expect(result).toEqual([false, false, false]);
    expect(x.mul(2).requiresGrad).toBe(true);
  });

  test('nobody else is in them while they wait', async () => {
    const { open, opened } = gate();
    const scope = noGradAsync(async () => {
      await opened;
      return isGradEnabled();
    });
    expect(isGradEnabled()).toBe(true);
    await sleep(1);
    expect(leaf(1).mul(2).requiresGrad).toBe(true);
    open();
    expect(await scope).toBe(false);
  });

  test('interleaved ones each keep their own', async () => {
    const seen: string[] = [];
    const log = (name: string): void => void seen.push(`${name} ${isGradEnabled()}`);
    const handler = async (name: string, enabled: boolean): Promise<void> =>
      setGradEnabledAsync(enabled, async () => {
        for (let i = 0; i < 4; i++) {
          log(name);
          await sleep(i % 2);
          // A synchronous scope in the middle changes nothing for the others.
          setGradEnabled(!enabled, () => log(`${name}'`));
        }
      });
    await Promise.all([handler('a', true), handler('b', false), handler('c', true), handler('d', false)]);
    const expected: Record<string, boolean> = { a: true, "a'": false, b: false, "b'": true };
    Object.assign(expected, { c: true, "c'": false, d: false, "d'": true });
    expect(seen.length).toBe(32);
    for (const line of seen) {
      const [name, enabled] = line.split(' ');
      expect([name, enabled]).toEqual([name, String(expected[name!])]);
    }
  });

  test('nest, and a statement holds for its scope only', async () => {
    const seen = await noGradAsync(async () => {
      const inner = await enableGradAsync(async () => {
        await sleep(1);
        return isGradEnabled();
      });
      const outer = isGradEnabled();
      setGradEnabled(true);
      await sleep(1);
      return [inner, outer, isGradEnabled()];
    });
    expect(seen).toEqual([true, false, true]);
    expect(isGradEnabled()).toBe(true);
    await enableGradAsync(async () => {
      setGradEnabled(false);
      await sleep(1);
      expect(isGradEnabled()).toBe(false);
    });
    expect(isGradEnabled()).toBe(true);
  });

  test('begun within a synchronous scope they outlive it', async () => {
    const { open, opened } = gate();
    let inside!: Promise<boolean[]>;
    noGrad(() => {
      inside = enableGradAsync(async () => {
        const first = isGradEnabled();
        await opened;
        return [first, isGradEnabled()];
      });
      expect(isGradEnabled()).toBe(false);
      return null;
    });
    expect(isGradEnabled()).toBe(true);
    open();
    expect(await inside).toEqual([true, true]);
  });

  test('what goes on after the promise is settled is in the modes around', async () => {
    const { open, opened } = gate();
    let late!: Promise<boolean>;
    const other = gate();
    const stays = noGradAsync(() => other.opened);
    await noGradAsync(() => {
      late = opened.then(() => isGradEnabled());
      return null;
    });
    open();
    expect(await late).toBe(true);
    other.open();
    await stays;
  });

  test('end when their function throws, at once or later', async () => {
    const failing = (): never => {
      throw new Error('at once');
    };
    await expect(noGradAsync(failing)).rejects.toThrow('at once');
    expect(isGradEnabled()).toBe(true);
    await expect(noGradAsync(() => sleep(1).then(failing))).rejects.toThrow('at once');
    expect(isGradEnabled()).toBe(true);
    await expect(noGradAsync(wrong(1))).rejects.toThrow(/^noGradAsync: expected a function, got 1/);
    await expect(setGradEnabledAsync(wrong(1), failing)).rejects.toThrow(/expected a boolean, got 1/);
  });

  test('a server that trains while it predicts', async () => {
    const net = new nn.Linear(2, 1);
    const optimizer = new optim.SGD(net.parameters(), 0.01);
    const x = ones(4, 2);
    const train = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) {
        optimizer.zeroGrad();
        const out = net.forward(x);
        await sleep(0);
        out.sum().backward();
        optimizer.step();
      }
    };
    const predict = async (): Promise<boolean> => {
      await sleep(0);
      const first = net.forward(x);
      await sleep(1);
      return first.requiresGrad || net.forward(x).requiresGrad;
    };
    const predictions = Array.from({ length: 10 }, () => noGradAsync(predict));
    const [, ...recorded] = await Promise.all([train(), ...predictions]);
    expect(recorded).toEqual(new Array(10).fill(false));
    expect(net.bias!.grad!.tolist()).toEqual([4]);
  });
});

describe('inference mode', () => {
  test('makes inference tensors, and views of others stay what those are', () => {
    const x = leaf(1, 2);
    const [made, view] = inferenceMode(() => [x.mul(2), x.view([2, 1])] as const);
    expect([made.isInference(), made.requiresGrad, made.view([2, 1]).isInference()]).toEqual([
      true,
      false,
      true,
    ]);
    expect([view.isInference(), x.isInference(), view.requiresGrad]).toEqual([false, false, false]);
    expect(noGrad(() => x.mul(2).isInference())).toBe(false);
  });

  test('enableGrad does not record inside, leaving the mode does', () => {
    const x = leaf(1);
    inferenceMode(() => {
      expect([isInferenceModeEnabled(), isGradEnabled()]).toEqual([true, false]);
      enableGrad(() => expect([isGradEnabled(), x.mul(2).requiresGrad]).toEqual([true, false]));
      inferenceMode(false, () => {
        expect([isInferenceModeEnabled(), isGradEnabled()]).toEqual([false, true]);
        expect([x.mul(2).requiresGrad, x.mul(2).isInference()]).toEqual([true, false]);
      });
      return null;
    });
  });

  test('what it made is refused by autograd, and a clone is not', () => {
    const w = leaf(3);
    const x = inferenceMode(() => ones(1));
    expectError(() => w.mul(x), AutogradError, /^MulBackward: an inference tensor can't be kept/);
    expectError(() => x.add_(1), AutogradError, /^add_: an inference tensor can't be changed in place/);
    expectError(() => noGrad(() => x.zero_()), AutogradError, /^zero_: an inference tensor/);
    expectError(() => x.view([1, 1]).fill_(2), AutogradError, /^fill_: an inference tensor/);
    expectError(() => x.data.fill_(2), AutogradError, /^fill_: an inference tensor/);
    expectError(() => x.requiresGrad_(), AutogradError, /^requiresGrad_: an inference tensor/);
    expectError(() => new nn.Parameter(x), AutogradError, /^Parameter: an inference tensor/);
    expect(inferenceMode(() => x.add_(1)).item()).toBe(2);
    // Sums keep nothing.
    expect(w.add(x).item()).toBe(5);
    const y = w.mul(x.clone());
    y.backward();
    expect(w.grad!.item()).toBe(2);
  });

  test('a backward pass inside of it makes ordinary gradients', () => {
    const w = leaf(3);
    const y = w.mul(w);
    inferenceMode(() => y.backward());
    expect([w.grad!.isInference(), w.grad!.item()]).toEqual([false, 6]);
  });

  test('a view finds its gradient function again inside', () => {
    const w = leaf(3);
    const x = ones(2).mul(1);
    const view = x.view([2, 1]);
    x.mul_(w);
    expect(inferenceMode(() => view.requiresGrad)).toBe(true);
    view.sum().backward();
    expect(w.grad!.item()).toBe(2);
  });

  test('asynchronous, beside others', async () => {
    const x = leaf(1);
    const inferring = inferenceModeAsync(async () => {
      await sleep(1);
      return x.mul(2).isInference();
    });
    const leaving = inferenceModeAsync(() =>
      inferenceModeAsync(false, async () => {
        await sleep(1);
        return x.mul(2);
      }),
    );
    expect(x.mul(2).isInference()).toBe(false);
    expect(await inferring).toBe(true);
    expect([(await leaving).isInference(), (await leaving).requiresGrad]).toEqual([false, true]);
    await expect(inferenceModeAsync(wrong(1), wrong(2))).rejects.toThrow(/expected a boolean, got 1/);
  });
});
