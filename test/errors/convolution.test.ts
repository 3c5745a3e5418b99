import { ArgumentError, DTypeError, ShapeError, nn, ones } from 'tenon';
import { failures, wrong } from './table';

const F = nn.functional;
const x = ones(1, 4, 5, 5);
const w = ones(6, 4, 2, 2);

describe('conv2d', () => {
  failures([
    [
      () => F.conv2d(ones(3), w),
      ShapeError,
      /^conv2d: expected input \[N, C, H, W\] or \[C, H, W\], got \[3\]$/,
    ],
    [() => F.conv2d(wrong('x'), w), ArgumentError, /^conv2d: expected .*Tensor/],
    [() => F.conv2d(x, wrong(undefined)), ArgumentError, /^conv2d: .*weight/],
    [() => F.conv2d(x, ones(6, 4, 2)), ShapeError, /a weight of 4 dimensions .* got \[6, 4, 2\]/],
    [() => F.conv2d(x, ones(6, 3, 2, 2)), ShapeError, /expected input of 3 channels .* got \[1, 4, 5, 5\]/],
    [() => F.conv2d(x, w, null, { groups: 4 }), ShapeError, /multiple of 4 output channels/],
    [() => F.conv2d(x, w, null, { groups: 2 }), ShapeError, /expected input of 8 channels/],
    [() => F.conv2d(x, w, null, { groups: 0 }), ArgumentError, /groups to be at least 1/],
    [() => F.conv2d(x, ones(0, 4, 2, 2)), ShapeError, /multiple of 1 output channels/],
    [() => F.conv2d(x, ones(6, 4, 0, 2)), ShapeError, /kernel of non-empty sizes/],
    [() => F.conv2d(ones(1, 4, 0, 5), w, null, { padding: 3 }), ShapeError, /non-empty sizes/],
    [() => F.conv2d(x, w, ones(5)), ShapeError, /expected a bias of shape \[6\], got \[5\]/],
    [() => F.conv2d(x, w, ones(1, 6)), ShapeError, /expected a bias of shape \[6\]/],
    [() => F.conv2d(x, w.double()), DTypeError, /one dtype, got float32 and float64/],
    [() => F.conv2d(x.bool(), w.bool()), DTypeError, /not defined for bool/],
    [() => F.conv2d(ones(1, 4, 1, 5), w), ShapeError, /reaches over 2 is larger than the padded input: 1/],
    [() => F.conv2d(x, w, null, 0), ArgumentError, /stride to be integers from 1 to 2147483647, got 0/],
    [() => F.conv2d(x, w, null, [1, 1, 1]), ArgumentError, /stride to be an integer or 2 of them/],
    [() => F.conv2d(x, w, null, 1, -1), ArgumentError, /padding to be integers from 0 to 2147483647, got -1/],
    [() => F.conv2d(x, w, null, 1, wrong('full')), ArgumentError, /'valid', 'same' or integers, got "full"/],
    [() => F.conv2d(x, w, null, 2, 'same'), ArgumentError, /padding 'same' needs a stride of 1/],
    [() => F.conv2d(x, w, null, 1, 0, 1.5), ArgumentError, /dilation to be integers/],
    [() => F.conv2d(x, w, wrong({ strides: 1 })), ArgumentError, /unknown option "strides"/],
    [() => F.conv2d(x, w, null, 2 ** 50), ArgumentError, /^conv2d: expected stride to be integers/],
  ]);
});

describe('convTranspose2d', () => {
  const v = ones(4, 3, 2, 2);
  failures([
    [
      () => F.convTranspose2d(x, ones(3, 4, 2, 2)),
      ShapeError,
      /^convTranspose2d: expected input of 3 channels/,
    ],
    [() => F.convTranspose2d(x, v, ones(2)), ShapeError, /expected a bias of shape \[3\]/],
    [() => F.convTranspose2d(x, v, null, 1, 0, 1), ArgumentError, /outputPadding below stride or dilation/],
    [() => F.convTranspose2d(x, v, null, { groups: 3 }), ShapeError, /multiple of 3 input channels/],
    [() => F.convTranspose2d(x, v, null, 1, 4), ShapeError, /gives a result of size -2/],
    [() => F.convTranspose2d(x, v, null, 2 ** 52), ArgumentError, /expected stride to be integers/],
    [() => F.convTranspose2d(x, v, null, 2 ** 31 - 1), ShapeError, /./],
  ]);
});

describe('unfold and fold', () => {
  failures([
    [() => F.unfold(ones(2, 5), 2), ShapeError, /^unfold: expected input \[N, C, H, W\]/],
    [() => F.unfold(ones(1, 1, 2, 2), 3), ShapeError, /a block .* is larger than an image of size \[2, 2\]/],
    [() => F.unfold(ones(1, 0, 2, 2), 1), ShapeError, /not empty but for N/],
    [() => F.unfold(x.int(), 2), DTypeError, /floating point or bool, got int32/],
    [() => F.unfold(x, wrong(undefined)), ArgumentError, /kernelSize/],
    [() => F.fold(ones(1, 8, 15), 5, 2), ShapeError, /^fold: expected 4 by 4 blocks, got \[1, 8, 15\]/],
    [() => F.fold(ones(1, 7, 16), 5, 2), ShapeError, /multiple of 4 channels/],
    [() => F.fold(ones(16), 5, 2), ShapeError, /\[C K, blocks\]/],
  ]);
});

describe('layers', () => {
  failures([
    [
      () => new nn.Conv2d(3, 4, 2, { groups: 2 }),
      ArgumentError,
      /^Conv2d: expected channels that groups = 2/,
    ],
    [() => new nn.Conv2d(3, 4, 0), ArgumentError, /kernelSize to be integers from 1 to/],
    [() => new nn.Conv2d(3, 4, 2, { paddingMode: wrong('wrap') }), ArgumentError, /paddingMode to be one of/],
    [() => new nn.Conv1d(3, 4, 2, { stride: 2, padding: 'same' }), ArgumentError, /^Conv1d: padding 'same'/],
    [
      () => new nn.Conv3d(3, 4, 2, { dtype: 'int64' }),
      DTypeError,
      /^Conv3d: expected a floating-point dtype/,
    ],
    [() => new nn.Conv2d(-1, 4, 2), ArgumentError, /inChannels to be a non-negative integer/],
    [
      () => new nn.ConvTranspose2d(3, 4, 2, { paddingMode: wrong('reflect') }),
      ArgumentError,
      /^ConvTranspose2d: expected paddingMode to be 'zeros'/,
    ],
    [
      () => new nn.ConvTranspose1d(2, 2, 3, 2).forward(ones(1, 2, 4), [11]),
      ShapeError,
      /^ConvTranspose1d: expected outputSize from 9 to 10/,
    ],
    [
      () => new nn.ConvTranspose1d(2, 2, 3, 2).forward(ones(1, 2, 4), [9, 9]),
      ArgumentError,
      /outputSize of 1 or 3 integers/,
    ],
    [() => new nn.Conv2d(4, 4, 2).forward(ones(1, 3, 5, 5)), ShapeError, /expected input of 4 channels/],
    [
      () => new nn.Conv2d(4, 4, 2, { padding: 5, paddingMode: 'reflect' }).forward(x),
      ShapeError,
      /^pad: expected for mode 'reflect' amounts smaller than the size/,
    ],
    [() => new nn.Unfold(0), ArgumentError, /^Unfold: expected kernelSize/],
  ]);
});
