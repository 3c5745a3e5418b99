/** Channels to pixels and back, and channels in another order. */
import { ArgumentError, ShapeError } from '../../errors';
import { showShape } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import { integerArgument, named } from '../arguments';
import { clone, contiguous } from '../copy';
import { underName } from '../node-name';
import { permute, reshape, transpose } from '../view';

/** A copy of its own, whatever the view is of, under the name of its op. */
function made(name: string, x: Tensor, shape: readonly number[]): Tensor {
  const dense = x.layout === null ? clone(x) : contiguous(x);
  return underName(name, reshape(dense, shape));
}

function checkPositive(op: string, name: string, value: unknown): number {
  const n = integerArgument(op, name, value);
  if (n < 1) throw new ArgumentError(`${op}: expected ${name} to be positive, got ${n}`);
  return n;
}

/** Where dimensions [..., a, b, c, d, e] are, behind `lead` others. */
const behind = (lead: number, order: readonly number[]): number[] => [
  ...Array.from({ length: lead }, (_, i) => i),
  ...order.map((i) => lead + i),
];

/**
 * [..., C r², H, W] as [..., C, H r, W r]
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pixel_shuffle.html).
 */
export const pixelShuffle = named<[upscaleFactor: number], { upscaleFactor: number }, Tensor>(
  'pixelShuffle',
  ['upscaleFactor'],
  (x, upscaleFactor) => {
    const op = 'pixelShuffle';
    checkTensor(op, x);
    const r = checkPositive(op, 'upscaleFactor', upscaleFactor);
    const lead = x.shape.slice(0, -3);
    const [c, h, w] = x.shape.slice(-3) as [number, number, number];
    if (x.shape.length < 3 || c % (r * r) !== 0)
      throw new ShapeError(
        `${op}: expected input [..., C, H, W] with C a multiple of ${r} * ${r}, got ${showShape(x.shape)}`,
      );
    const out = c / (r * r);
    const split = reshape(x, [...lead, out, r, r, h, w]);
    const moved = permute(split, behind(lead.length, [0, 3, 1, 4, 2]));
    return made('PixelShuffle', moved, [...lead, out, h * r, w * r]);
  },
);

/**
 * [..., C, H r, W r] as [..., C r², H, W]
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pixel_unshuffle.html).
 */
export const pixelUnshuffle = named<[downscaleFactor: number], { downscaleFactor: number }, Tensor>(
  'pixelUnshuffle',
  ['downscaleFactor'],
  (x, downscaleFactor) => {
    const op = 'pixelUnshuffle';
    checkTensor(op, x);
    const r = checkPositive(op, 'downscaleFactor', downscaleFactor);
    const lead = x.shape.slice(0, -3);
    const [c, h, w] = x.shape.slice(-3) as [number, number, number];
    if (x.shape.length < 3 || h % r !== 0 || w % r !== 0)
      throw new ShapeError(
        `${op}: expected input [..., C, H, W] with H and W multiples of ${r}, got ${showShape(x.shape)}`,
      );
    const split = reshape(x, [...lead, c, h / r, r, w / r, r]);
    const moved = permute(split, behind(lead.length, [0, 2, 4, 1, 3]));
    return made('PixelUnshuffle', moved, [...lead, c * r * r, h / r, w / r]);
  },
);

/**
 * The channels of [N, C, ...], one of each of `groups` groups after the other
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html).
 */
export const channelShuffle = named<[groups: number], { groups: number }, Tensor>(
  'channelShuffle',
  ['groups'],
  (x, groups) => {
    const op = 'channelShuffle';
    checkTensor(op, x);
    const g = checkPositive(op, 'groups', groups);
    if (x.shape.length < 3 || x.shape[1]! % g !== 0)
      throw new ShapeError(
        `${op}: expected input [N, C, *] with C a multiple of ${g}, got ${showShape(x.shape)}`,
      );
    const [n, c, ...rest] = x.shape as [number, number, ...number[]];
    const split = reshape(x, [n, g, c / g, ...rest]);
    return made('ChannelShuffle', transpose(split, 1, 2), x.shape);
  },
);
