import { ArgumentError, DTypeError, IndexError, ShapeError, nn, ones, tensor, zeros } from 'tenon';
import { failures, wrong, type Row } from './table';

const { functional: F } = nn;
const learnt = [ones(12, 4), ones(12), null, null, false, 0, ones(4, 4), null] as const;
const int = (...shape: number[]) => ones(...shape).to('int64');

describe('activations', () => {
  failures([
    [() => F.gelu(int(2)), DTypeError, /^gelu: expected floating point, got int64/],
    [
      () => F.gelu(ones(2), wrong('exact')),
      ArgumentError,
      /^gelu: expected approximate to be 'none' or 'tanh'/,
    ],
    [() => F.silu(wrong([1])), ArgumentError, /^silu: expected input to be a Tensor/],
    [() => F.silu(ones(2), wrong(1)), ArgumentError, /^silu: expected inplace to be a boolean, got 1/],
    [() => F.celu(ones(2), 0), ArgumentError, /^celu: expected alpha not to be 0/],
    [() => F.elu(ones(2), wrong('1')), ArgumentError, /^elu: expected alpha to be a number, got "1"/],
    [
      () => F.hardtanh(ones(2), 1, -1),
      ArgumentError,
      /^hardtanh: expected minVal not to exceed maxVal, got 1 and -1/,
    ],
    [() => F.hardtanh(ones(2).to('uint8')), ArgumentError, /^hardtanh: expected bounds that uint8 has/],
    [() => F.softshrink(ones(2), -1), ArgumentError, /^softshrink: expected lambd to be at least 0, got -1/],
    [() => F.threshold(ones(2).to('bool'), 1, 2), DTypeError, /^threshold: not defined for bool/],
    [
      () => F.threshold(ones(2), wrong(undefined), 2),
      ArgumentError,
      /^threshold: expected threshold to be a number/,
    ],
    [() => F.glu(ones(2, 3)), ShapeError, /^glu: expected an even size along dimension 1, got \[2, 3\]/],
    [() => F.glu(tensor(1)), ShapeError, /^glu: a 0-d input/],
    [() => F.leakyRelu_(int(2)), DTypeError, /^leakyRelu_: expected floating point/],
    [() => F.softplus(ones(2), wrong({ gamma: 1 })), ArgumentError, /^softplus: unknown option "gamma"/],
    [() => new nn.GELU(wrong('x')), ArgumentError, /^GELU: expected approximate/],
    [() => new nn.Hardtanh(1, 1), ArgumentError, /^Hardtanh: expected maxVal to be above minVal/],
    [() => new nn.PReLU(-1), ArgumentError, /^PReLU: expected numParameters to be a non-negative integer/],
    [() => new nn.Softmax2d().forward(ones(2)), ShapeError, /^Softmax2d: expected \[n, c, h, w\]/],
  ]);
});

describe('attention', () => {
  const x = ones(2, 3, 4);
  const sdpa = F.scaledDotProductAttention;
  failures([
    [() => sdpa(x, ones(2, 3, 5), x), ShapeError, /^scaledDotProductAttention: expected query \[..., l, e\]/],
    [() => sdpa(ones(4), x, x), ShapeError, /^scaledDotProductAttention: .*got \[4\]/],
    [() => sdpa(x, ones(3, 3, 4), x), ShapeError, /^scaledDotProductAttention: /],
    [() => sdpa(x, x, x.to('float64')), DTypeError, /expected operands of one dtype/],
    [() => sdpa(int(2, 2), int(2, 2), int(2, 2)), DTypeError, /expected floating point, got int64/],
    [
      () => sdpa(x, x, x, ones(3, 4)),
      ShapeError,
      /expected attnMask to broadcast to \[2, 3, 3\], got \[3, 4\]/,
    ],
    [() => sdpa(x, x, x, int(3, 3)), DTypeError, /expected attnMask to be bool or float32, got int64/],
    [() => sdpa(x, x, x, { dropoutP: 2 }), ArgumentError, /expected dropoutP between 0 and 1, got 2/],
    [
      () => sdpa(ones(3, 2, 4), ones(2, 2, 4), ones(2, 2, 4), { enableGqa: true }),
      ShapeError,
      /expected the number of query heads \(3\) to be a multiple of those of key, got 2/,
    ],
    [
      () => new nn.MultiheadAttention(5, 2),
      ArgumentError,
      /^MultiheadAttention: expected embedDim to be a multiple/,
    ],
    [
      () => new nn.MultiheadAttention(4, 2).forward(x, x, ones(2, 3, 5)),
      ShapeError,
      /^MultiheadAttention: expected query \[queries, batch, 4\]/,
    ],
    [
      () => new nn.MultiheadAttention(4, 2).forward(x, x, x, { attnMask: zeros(3, 3) }),
      ShapeError,
      /^MultiheadAttention: expected attnMask of shape \[2, 2\] or \[6, 2, 2\], got \[3, 3\]/,
    ],
    [
      () => new nn.MultiheadAttention(4, 2).forward(x, x, x, { keyPaddingMask: zeros(2, 2) }),
      ShapeError,
      /^MultiheadAttention: expected keyPaddingMask of shape \[3, 2\], got \[2, 2\]/,
    ],
    [
      () => new nn.MultiheadAttention(4, 2).forward(x, x, x, { isCausal: true }),
      ArgumentError,
      /^MultiheadAttention: isCausal needs the attnMask/,
    ],
    [
      () => F.multiHeadAttentionForward(x, x, x, 4, 3, ...learnt),
      ArgumentError,
      /^multiHeadAttentionForward: expected embedDimToCheck to be a multiple of numHeads/,
    ],
    [
      () => F.multiHeadAttentionForward(x, x, x, 8, 2, ...learnt),
      ShapeError,
      /^multiHeadAttentionForward: expected inProjWeight of shape \[24, 8\], got \[12, 4\]/,
    ],
    [
      () => F.multiHeadAttentionForward(x, x, x, 4, 2, ...learnt, { useSeparateProjWeight: true }),
      ArgumentError,
      /^multiHeadAttentionForward: expected qProjWeight to be a Tensor, got undefined/,
    ],
    [
      () => F.multiHeadAttentionForward(x, x, x, 4, 2, ...learnt, { staticK: ones(6, 5, 3) }),
      ShapeError,
      /^multiHeadAttentionForward: expected staticK \[6, keys, 2\], got \[6, 5, 3\]/,
    ],
    [
      () => F.multiHeadAttentionForward(x, x, x, 4, 2, ...learnt, { staticK: ones(6, 5, 2) }),
      ShapeError,
      /^multiHeadAttentionForward: expected as many keys as values, got 5 and 2/,
    ],
    [
      () =>
        F.multiHeadAttentionForward(x, x, x, {
          embedDimToCheck: 4,
          numHeads: 2,
          inProjWeight: ones(12, 4),
          biasK: ones(1, 1, 4),
          outProjWeight: ones(4, 4),
        }),
      ArgumentError,
      /^multiHeadAttentionForward: expected biasK and biasV together/,
    ],
    [
      () => new nn.TransformerEncoder(new nn.TransformerEncoderLayer(4, 2), 1e9),
      ArgumentError,
      /^TransformerEncoder: expected numLayers to be at most 65536, got 1000000000/,
    ],
    [
      () => new nn.TransformerDecoder(new nn.TransformerDecoderLayer(4, 2), 1e9),
      ArgumentError,
      /^TransformerDecoder: expected numLayers to be at most 65536/,
    ],
    [
      () => new nn.Transformer(4, 2, 1, 1e9),
      ArgumentError,
      /^Transformer: expected numDecoderLayers to be at most 65536/,
    ],
    [
      () => new nn.TransformerEncoderLayer(4, 2, { activation: wrong('tanh') }),
      ArgumentError,
      /^TransformerEncoderLayer: expected activation to be 'relu', 'gelu'/,
    ],
    [() => F.bilinear(ones(2, 3), ones(2, 4), ones(5, 4, 3)), ShapeError, /^bilinear: expected \[..., in1\]/],
    [() => new nn.Bilinear(0, 2, 3), ArgumentError, /^Bilinear: expected in1Features to be above 0/],
    [
      () => new nn.ParameterList([wrong(1)]),
      ArgumentError,
      /^ParameterList: expected a Parameter or a Tensor/,
    ],
    [() => new nn.ParameterList().at(0), IndexError, /^ParameterList: index 0 is out of range/],
    ...[1n, Symbol('i'), { valueOf: null }, [[]]].map((i): Row => [
      () => new nn.ParameterList([ones(1)]).set(wrong(i), ones(1)),
      IndexError,
      /^ParameterList: index .* is out of range/,
    ]),
    [() => new nn.ParameterDict({ get: ones(2) }), ArgumentError, /^ParameterDict: get is a member/],
    [
      () => new nn.ParameterDict({ a: ones(2) }).get('b'),
      IndexError,
      /^ParameterDict: no parameter is named "b"/,
    ],
    ...[1n, Symbol('a'), { toString: null }, ['a']].map((name): Row => [
      () => new nn.ParameterDict({ a: ones(2) }).get(wrong(name)),
      IndexError,
      /^ParameterDict: no parameter is named /,
    ]),
  ]);
});
