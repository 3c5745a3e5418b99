/** autograd.functional against PyTorch's results. */
import { Tensor, allclose, autograd, ones, randn, tensor, testing, zeros, type NestedNumbers } from 'tenon';

(expect as unknown as { addEqualityTesters(testers: unknown[]): void }).addEqualityTesters([
  testing.tensorEquality,
]);

const { jacobian, hessian, vjp, jvp, vhp, hvp } = autograd.functional;
const float64 = (data: NestedNumbers) => tensor(data, { dtype: 'float64' });

const x = float64([
  [0.5, -1],
  [2, 0.25],
]);
const y = float64([1.5, -0.5]);
const v = [
  float64([
    [1, 2],
    [3, 4],
  ]),
  float64([-1, 1]),
];
const f = (a: Tensor, b: Tensor): Tensor[] => [a.exp().mul(b), a.mul(a).sum(1).mul(b.tanh())];
const s = (a: Tensor, b: Tensor): Tensor => a.mul(a).mul(a).sum(0).mul(b.exp()).sum();

/** What PyTorch gives for these. */
const EXPECTED: Record<string, unknown> = {
  jacobian: [
    [
      [
        [
          [
            [2.4730819060501923, -0.0],
            [0.0, -0.0],
          ],
          [
            [0.0, -0.18393972058572117],
            [0.0, -0.0],
          ],
        ],
        [
          [
            [0.0, -0.0],
            [11.083584148395975, -0.0],
          ],
          [
            [0.0, -0.0],
            [0.0, -0.6420127083438707],
          ],
        ],
      ],
      [
        [
          [1.6487212707001282, 0.0],
          [0.0, 0.36787944117144233],
        ],
        [
          [7.38905609893065, 0.0],
          [0.0, 1.2840254166877414],
        ],
      ],
    ],
    [
      [
        [
          [0.9051482536448664, -1.8102965072897328],
          [-0.0, -0.0],
        ],
        [
          [0.0, -0.0],
          [-1.8484686290400392, -0.2310585786300049],
        ],
      ],
      [
        [0.22588329865456075, 0.0],
        [0.0, 3.19494391517408],
      ],
    ],
  ],
  hessian: [
    [
      [
        [
          [
            [13.445067211014193, -0.0],
            [0.0, 0.0],
          ],
          [
            [0.0, -3.6391839582758],
            [0.0, 0.0],
          ],
        ],
        [
          [
            [0.0, -0.0],
            [53.78026884405677, 0.0],
          ],
          [
            [0.0, -0.0],
            [0.0, 0.90979598956895],
          ],
        ],
      ],
      [
        [
          [3.3612668027535486, 0.0],
          [0.0, 1.8195919791379003],
        ],
        [
          [53.78026884405678, 0.0],
          [0.0, 0.11372449869611877],
        ],
      ],
    ],
    [
      [
        [
          [3.3612668027535486, 0.0],
          [53.78026884405678, 0.0],
        ],
        [
          [0.0, 1.8195919791379003],
          [0.0, 0.11372449869611877],
        ],
      ],
      [
        [36.413723696496774, -0.0],
        [0.0, -0.5970536181546235],
      ],
    ],
  ],
  vjp: [
    [
      [
        [2.4730819060501923, -0.18393972058572117],
        [11.083584148395975, -0.6420127083438707],
      ],
      [1.131435317056083, -1.8773509513687898],
    ],
    [
      [
        [1.5679336524053258, 1.4424170661182905],
        [31.40228381614789, -2.7991094120054876],
      ],
      [23.590006268837517, 9.06680446426793],
    ],
  ],
  jvp: [
    [
      [
        [2.4730819060501923, -0.18393972058572117],
        [11.083584148395975, -0.6420127083438707],
      ],
      [1.131435317056083, -1.8773509513687898],
    ],
    [
      [
        [0.8243606353500641, 0.0],
        [25.861696346257276, -1.2840254166877414],
      ],
      [-2.9413280595891598, -3.2746962864660576],
    ],
  ],
  vhp: [
    35.81667007834215,
    [
      [
        [10.083800408260645, -5.458775937413701],
        [107.56053768811356, 3.7529084569719195],
      ],
      [128.2883496384271, 3.497028334905652],
    ],
  ],
  hvp: [
    35.81667007834215,
    [
      [
        [10.083800408260645, -5.4587759374137015],
        [107.56053768811356, 3.7529084569719195],
      ],
      [128.28834963842712, 3.497028334905652],
    ],
  ],
};

/** Nested lists of tensors beside nested lists of numbers. */
function expectClose(got: unknown, expected: unknown): void {
  if (got instanceof Tensor) {
    expect(got.requiresGrad).toBe(false);
    expect(allclose(got, float64(expected as NestedNumbers), { rtol: 1e-12 })).toBe(true);
    return;
  }
  const list = got as unknown[];
  expect(list.length).toBe((expected as unknown[]).length);
  list.forEach((item, i) => expectClose(item, (expected as unknown[])[i]));
}

test.each<[string, () => unknown]>([
  ['jacobian', () => jacobian(f, [x, y])],
  ['hessian', () => hessian(s, [x, y])],
  ['vjp', () => vjp(f, [x, y], v)],
  ['jvp', () => jvp(f, [x, y], v)],
  ['vhp', () => vhp(s, [x, y], v)],
  ['hvp', () => hvp(s, [x, y], v)],
])('%s of several inputs', (name, call) => expectClose(call(), EXPECTED[name]));

describe('shapes', () => {
  test('one for one, several for several', () => {
    expect(jacobian((t) => t.sum(), ones(2))).toEqual(ones(2));
    expect(jacobian((t) => [t, t.sum()], ones(2)).map((j) => j.shape)).toEqual([[2, 2], [2]]);
    expect(jacobian((t) => t, [ones(2)]).map((j) => j.shape)).toEqual([[2, 2]]);
    expect(jacobian((t) => t.narrow(0, 0, 0), ones(2)).shape).toEqual([0, 2]);
    expect(jacobian((t) => t.mul(2), ones(2, 3), { vectorize: true }).shape).toEqual([2, 3, 2, 3]);
    expect(hessian((t) => t.pow(3).sum().reshape(1, 1), ones(2))).toEqual(
      tensor([
        [6, 0],
        [0, 6],
      ]),
    );
    expect(hessian((t) => t.pow(2).sum(), [ones(2)]).map((row) => row.map((h) => h.shape))).toEqual([
      [[2, 2]],
    ]);
  });

  test('without v, and v by name', () => {
    expect(vjp((t) => t.mul(2).sum(), ones(2))).toEqual([tensor(4), tensor([2, 2])]);
    expect(jvp((t) => t.mul(2), ones(1))).toEqual([tensor([2]), tensor([2])]);
    expect(jvp((t) => t.mul(2), ones(2), { v: tensor([1, 2]) })).toEqual([tensor([2, 2]), tensor([2, 4])]);
  });
});

test('what does not depend on the input gives zeros', () => {
  expect(jacobian(() => ones(3), ones(2))).toEqual(zeros(3, 2));
  expect(jvp(() => ones(2), ones(2), ones(2))[1]).toEqual(zeros(2));
  expect(hessian((t) => t.sum(), ones(2))).toEqual(zeros(2, 2));
  expect(hvp((t) => t.sum(), ones(2), ones(2))).toEqual([tensor(2), zeros(2)]);
});

test('createGraph: results can be differentiated', () => {
  const a = randn(3, { dtype: 'float64', requiresGrad: true });
  const j = jacobian((t) => t.pow(3), a, { createGraph: true });
  j.sum().backward();
  expect(a.grad!.allclose(a.detach().mul(6))).toBe(true);
  expect(jacobian((t) => t.pow(3), a).requiresGrad).toBe(false);
  const w = randn(3, { dtype: 'float64' });
  expect(autograd.gradcheck((t) => hvp((u) => u.pow(4).sum(), t, w, { createGraph: true })[1], [a])).toBe(
    true,
  );
  expect(autograd.gradcheck((t) => jvp((u) => u.sin(), t, w, { createGraph: true })[1], [a])).toBe(true);
});

test('leaves neither gradients nor the graph of the inputs behind', () => {
  const a = ones(2, { requiresGrad: true });
  const b = a.mul(3);
  expect(jacobian((t) => t.mul(t), b)).toEqual(
    tensor([
      [6, 0],
      [0, 6],
    ]),
  );
  expect(a.grad).toBeNull();
  b.sum().backward();
  expect(a.grad).toEqual(tensor([3, 3]));
});
