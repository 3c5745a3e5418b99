import {
  ArgumentError,
  DTypeError,
  IndexError,
  OutOfMemoryError,
  ShapeError,
  empty,
  nn,
  ones,
  tensor,
  zeros,
} from 'tenon';
import { failures, wrong } from './table';

const { functional: F } = nn;
const places = (...list: number[]) => tensor([list], { dtype: 'int64' });

describe('padding', () => {
  failures([
    [() => F.pad(wrong([1]), [1, 1]), ArgumentError, /^pad: expected input to be a Tensor/],
    [() => F.pad(ones(2), wrong(1)), ArgumentError, /^pad: expected pad to be a list of two amounts/],
    [
      () => F.pad(ones(2, { dtype: 'uint8' }), [1, 0], 'constant', -1),
      ArgumentError,
      /^pad: -1 can't be converted to uint8/,
    ],
    [() => F.pad(ones(2), [1]), ArgumentError, /^pad: expected pad to be a list of two amounts/],
    [() => F.pad(ones(2), [1, 0.5]), ArgumentError, /^pad: expected each amount to be an integer, got 0.5/],
    [() => F.pad(ones(2), [1, 1, 1, 1]), ShapeError, /^pad: expected at most two amounts for each dimension/],
    [() => F.pad(ones(2), [-2, -1]), ShapeError, /^pad: dimension 0 of size 2 can't be cut by 2 and 1/],
    [() => F.pad(ones(2), [2 ** 53 - 1, 1]), ShapeError, /^pad: /],
    [() => F.pad(ones(2), [2 ** 50, 0]), OutOfMemoryError, /^pad: /],
    [() => F.pad(ones(2), [1, 1], wrong('mirror')), ArgumentError, /^pad: expected mode to be 'constant'/],
    [
      () => F.pad(ones(2), [1, 1], { mode: wrong<'reflect'>(Object.create(null)) }),
      ArgumentError,
      /^pad: expected mode to be/,
    ],
    [() => F.pad(ones(1, 3), [1, 1], 'reflect', 1), ArgumentError, /^pad: mode 'reflect' takes no value/],
    [() => F.pad(ones(1, 3), [3, 0], 'reflect'), ShapeError, /smaller than the size, got 3 and 0/],
    [() => F.pad(ones(1, 3), [4, 0], 'circular'), ShapeError, /at most the size, got 4 and 0/],
    [() => F.pad(ones(1, 3), [-3, 2], 'circular'), ShapeError, /at most the size, got -3 and 2/],
    [() => F.pad(ones(1, 3), [-2, -1], 'replicate'), ShapeError, /^pad: nothing would be left/],
    [() => F.pad(ones(1, 3), [2 ** 40, 0], 'replicate'), OutOfMemoryError, /^pad: cannot allocate/],
    [() => F.pad(ones(3), [1, 1], 'replicate'), ShapeError, /got 2 for shape \[3\]/],
    [
      () => F.pad(zeros(1, 2, 0), [1, 1], 'replicate'),
      ShapeError,
      /no empty dimension but that of the batch/,
    ],
    [() => F.pad(ones(1, 3).to('bool'), [1, 1], 'reflect'), DTypeError, /not defined for bool/],
    [() => F.pad(ones(2).to('uint8'), [1, 1], { value: 300 }), ArgumentError, /^pad: 300 can't be converted/],
    [
      () => new nn.ZeroPad2d(wrong<number>('1')),
      ArgumentError,
      /^ZeroPad2d: expected padding to be a number/,
    ],
    [
      () => new nn.ConstantPad1d(1, wrong<number>(undefined)),
      ArgumentError,
      /^ConstantPad1d: expected value to be/,
    ],
  ]);
});

describe('pooling', () => {
  failures([
    [() => F.maxPool2d(wrong(null), 2), ArgumentError, /^maxPool2d: expected input to be a Tensor/],
    [
      () => F.maxPool2d(ones(4, 4), 2),
      ShapeError,
      /^maxPool2d: expected input \[N, C, H, W\] or \[C, H, W\], got \[4, 4\]/,
    ],
    [() => F.maxPool2d(ones(1, 0, 4, 4), 2), ShapeError, /empty in N only, got \[1, 0, 4, 4\]/],
    [
      () => F.maxPool1d(ones(1, 4), 0),
      ArgumentError,
      /^maxPool1d: expected kernelSize to be integers from 1/,
    ],
    [() => F.maxPool1d(ones(1, 4), 2, 0), ArgumentError, /^maxPool1d: expected stride to be integers from 1/],
    [() => F.maxPool1d(ones(1, 4), 2, 1, 0, 2 ** 31), ArgumentError, /^maxPool1d: expected dilation/],
    [() => F.maxPool2d(ones(1, 4, 4), [2, 2, 2]), ArgumentError, /kernelSize to be an integer or 2 of them/],
    [() => F.maxPool1d(ones(1, 4), 2, 1, 2), ArgumentError, /padding of at most half of the kernel size/],
    [() => F.maxPool1d(ones(1, 4), 5), ShapeError, /the kernel \[5\] does not fit into the input \[1, 4\]/],
    [
      () => F.maxPool1d(ones(1, 4), 2, { ceilMode: wrong<boolean>(1) }),
      ArgumentError,
      /ceilMode to be a boolean/,
    ],
    [
      () => F.maxPool1d(ones(1, 4), 2, wrong({ size: 1 })),
      ArgumentError,
      /^maxPool1d: unknown option "size"/,
    ],
    [() => F.maxPool1d(ones(1, 4).to('bool'), 2), DTypeError, /^maxPool1d: not defined for bool/],
    [() => F.avgPool2d(ones(1, 4, 4), 2, { divisorOverride: 0 }), ArgumentError, /other than 0/],
    [() => F.avgPool1d(ones(1, 4).to('int32'), 2), DTypeError, /floating point or int64, got int32/],
    [() => F.adaptiveAvgPool2d(ones(1, 4, 4), wrong(undefined)), ArgumentError, /expected outputSize/],
    [() => F.adaptiveAvgPool2d(ones(1, 4, 4), -1), ArgumentError, /outputSize to be integers from 0/],
    [() => F.adaptiveAvgPool1d(ones(1, 4).to('int64'), 2), DTypeError, /floating point, got int64/],
    [() => F.adaptiveMaxPool3d(ones(1, 4, 4), 2), ShapeError, /^adaptiveMaxPool3d: expected input/],
    [() => F.lpPool1d(ones(1, 4), 0, 2), ArgumentError, /^lpPool1d: expected normType to be other than 0/],
    [() => F.maxUnpool1d(ones(1, 2), places(0, 4), 2), IndexError, /index 4 is out of range/],
    [() => F.maxUnpool1d(ones(1, 2), ones(1, 2), 2), DTypeError, /^maxUnpool1d: expected int64 indices/],
    [() => F.maxUnpool1d(ones(1, 2), places(0), 2), ShapeError, /indices of the input's shape \[1, 2\]/],
    [
      () => F.maxUnpool1d(ones(1, 2), places(0, 1), 2, { outputSize: [7] }),
      ShapeError,
      /expected outputSize between 2 and 6 for dimension 0, got 7/,
    ],
    [() => F.fractionalMaxPool2d(ones(1, 5, 5), 2), ArgumentError, /an outputSize or an outputRatio/],
    [() => F.fractionalMaxPool2d(ones(1, 5, 5), 3, { outputSize: 4 }), ShapeError, /too large for the input/],
    [
      () => F.fractionalMaxPool2d(ones(1, 5, 5), 2, { outputSize: 3, _randomSamples: ones(1, 2) }),
      ShapeError,
      /_randomSamples \[1, 1, 2\], got \[1, 2\]/,
    ],
    [
      () => F.fractionalMaxPool3d(ones(1, 4, 5, 5), 2, { outputSize: [3, 5, 2] }),
      ShapeError,
      /^fractionalMaxPool3d: the kernel \[2, 2, 2\] and the output \[3, 5, 2\] are too large/,
    ],
    [
      () => F.fractionalMaxPool3d(ones(1, 4, 5, 5), 2, { outputSize: 2, _randomSamples: ones(1, 1, 2) }),
      ShapeError,
      /_randomSamples \[1, 1, 3\], got \[1, 1, 2\]/,
    ],
    [
      () => F.fractionalMaxPool3d(ones(1, 4, 5, 5), 2, { outputRatio: [0.5, 0.5] }),
      ArgumentError,
      /^fractionalMaxPool3d: expected outputRatio to be one or 3 numbers between 0 and 1/,
    ],
    [() => new nn.MaxPool2d(wrong<number>('2')), ArgumentError, /^MaxPool2d: expected kernelSize/],
    [
      () => new nn.AdaptiveAvgPool2d(wrong<number>(undefined)),
      ArgumentError,
      /^AdaptiveAvgPool2d: expected an outputSize/,
    ],
    [() => new nn.FractionalMaxPool2d(2), ArgumentError, /^FractionalMaxPool2d: expected an outputSize/],
  ]);
});

describe('resampling', () => {
  failures([
    [() => F.interpolate(ones(2, 2), 3), ShapeError, /^interpolate: expected input \[N, C, L\]/],
    [() => F.interpolate(ones(1, 1, 2)), ArgumentError, /expected either a size or a scaleFactor/],
    [
      () => F.interpolate(ones(1, 1, 2, 2), { size: 3, mode: 'lanczos' }),
      ArgumentError,
      /^interpolate: mode 'lanczos' goes with antialias, and without alignCorners/,
    ],
    [
      () => F.interpolate(ones(1, 1, 2), { size: 3, mode: 'lanczos', antialias: true }),
      ShapeError,
      /^interpolate: expected for mode 'lanczos' an input with 4 dimensions/,
    ],
    [() => F.interpolate(ones(1, 1, 2), 3, 2), ArgumentError, /expected either a size or a scaleFactor/],
    [
      () => F.interpolate(ones(1, 1, 2), [3, 3]),
      ArgumentError,
      /expected size to be a number or a list of 1/,
    ],
    [
      () => F.interpolate(ones(1, 1, 2), 3, null, 'bilinear'),
      ShapeError,
      /for mode 'bilinear' an input with 4/,
    ],
    [() => F.interpolate(ones(1, 1, 2), 3, null, wrong('sinc')), ArgumentError, /expected mode to be one of/],
    [() => F.interpolate(ones(1, 1, 2), 3, { alignCorners: true }), ArgumentError, /has no alignCorners/],
    [() => F.interpolate(ones(1, 1, 2), 3, { antialias: true }), ArgumentError, /antialias is for modes/],
    [
      () => F.interpolate(ones(1, 1, 2), 3, { recomputeScaleFactor: true }),
      ArgumentError,
      /goes with a scaleFactor/,
    ],
    [() => F.interpolate(ones(1, 1, 2), 0), ShapeError, /expected sizes from 1/],
    [() => F.interpolate(ones(1, 1, 2), 2 ** 40), ShapeError, /expected sizes from 1/],
    [() => F.interpolate(ones(1, 1, 2), { scaleFactor: NaN }), ShapeError, /^interpolate: /],
    [
      () => F.interpolate(ones(1, 1, 2).to('int32'), 3, { mode: 'linear' }),
      DTypeError,
      /floating point, got int32/,
    ],
    [() => F.gridSample(ones(1, 1, 2, 2), ones(1, 2, 2)), ShapeError, /^gridSample: expected input/],
    [() => F.gridSample(ones(1, 1, 2, 2), ones(1, 2, 2, 3)), ShapeError, /^gridSample: expected input/],
    [() => F.gridSample(ones(1, 1, 0, 2), ones(1, 2, 2, 2)), ShapeError, /empty in N or C only/],
    [
      () => F.gridSample(ones(1, 1, 2, 2), ones(1, 2, 2, 2).to('float64')),
      DTypeError,
      /one floating-point dtype, got float32 and float64/,
    ],
    [
      () => F.gridSample(ones(1, 1, 2, 2), ones(1, 2, 2, 2), { mode: wrong<'nearest'>('linear') }),
      ArgumentError,
      /expected mode to be one of bilinear/,
    ],
    [
      () => F.gridSample(ones(1, 1, 1, 2, 2), ones(1, 1, 2, 2, 3), 'bicubic'),
      ShapeError,
      /mode 'bicubic' is for input \[N, C, H, W\]/,
    ],
    [
      () => F.affineGrid(ones(1, 2, 3), [1, 1, 2]),
      ArgumentError,
      /^affineGrid: expected size \[N, C, H, W\]/,
    ],
    [() => F.affineGrid(ones(2, 2, 3), [1, 1, 2, 2]), ShapeError, /expected theta \[1, 2, 3\]/],
    [() => F.affineGrid(empty(0, 2, 3), [0, 1, 2, 2]), ShapeError, /expected sizes of at least 1/],
    [() => F.pixelShuffle(ones(1, 3, 2, 2), 2), ShapeError, /C a multiple of 2 \* 2, got \[1, 3, 2, 2\]/],
    [() => F.pixelShuffle(ones(2, 2), 1), ShapeError, /^pixelShuffle: expected input/],
    [() => F.pixelShuffle(ones(1, 4, 2, 2), 0), ArgumentError, /upscaleFactor to be positive, got 0/],
    [() => F.pixelUnshuffle(ones(1, 3, 2), 2), ShapeError, /H and W multiples of 2, got \[1, 3, 2\]/],
    [() => F.channelShuffle(ones(1, 3, 2, 2), 2), ShapeError, /C a multiple of 2, got \[1, 3, 2, 2\]/],
    [() => new nn.PixelShuffle(wrong<number>('2')), ArgumentError, /^PixelShuffle: expected upscaleFactor/],
  ]);
});
