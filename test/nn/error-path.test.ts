import { ShapeError, nn, ones, type Tensor } from 'tenon';

class Block extends nn.Module {
  fc1 = new nn.Linear(4, 4);
  fc2 = new nn.Linear(3, 4);
  forward(x: Tensor): Tensor {
    return this.fc2.forward(this.fc1.forward(x).relu());
  }
}

class Net extends nn.Module {
  layers = new nn.ModuleList([new nn.Sequential(new nn.Linear(4, 4), new Block())]);
  forward(x: Tensor): Tensor {
    return this.layers.at(0).forward(x);
  }
}

function errorOf(f: () => unknown): Error {
  try {
    f();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

const OWN = 'linear: expected input [..., in] and weight [out, in], got [2, 4] and [4, 3]';

test('an error inside a network names the way there', () => {
  const error = errorOf(() => new Net().forward(ones(2, 4)));
  expect(error).toBeInstanceOf(ShapeError);
  expect(error.message).toBe(`${OWN} (in Net.layers.0.1.fc2)`);
  expect(error.stack).toContain(`${OWN} (in Net.layers.0.1.fc2)\n`);
});

test('of a layer by itself it stays as it is', () => {
  expect(errorOf(() => new nn.Linear(3, 4).forward(ones(2, 4))).message).toBe(OWN);
  expect(errorOf(() => new Block().forward(ones(2, 4))).message).toBe(`${OWN} (in Block.fc2)`);
});

test('through super.forward, hooks, and modules that nobody registered', () => {
  class Sub extends Net {
    override forward(x: Tensor): Tensor {
      return super.forward(x);
    }
  }
  const hooked = new Sub();
  hooked.layers.at(0).registerForwardHook(() => undefined);
  expect(errorOf(() => hooked.forward(ones(2, 4))).message).toBe(`${OWN} (in Sub.layers.0.1.fc2)`);
  class Outer extends nn.Module {
    readonly #hidden = new Block();
    forward(x: Tensor): Tensor {
      return this.#hidden.forward(x);
    }
  }
  expect(errorOf(() => new Outer().forward(ones(2, 4))).message).toBe(`${OWN} (in Block.fc2)`);
});

test('errors of other kinds pass as they are', () => {
  class Throws extends nn.Module {
    inner = new (class extends nn.Module {
      forward(): never {
        throw new RangeError('mine');
      }
    })();
    forward(): never {
      return this.inner.forward();
    }
  }
  expect(errorOf(() => new Throws().forward()).message).toBe('mine');
});
