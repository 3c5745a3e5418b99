/** Draws of other distributions, made of uniform and normal ones: so the same numbers for any number of threads. */
import { Op } from '../backend/ops.generated';
import { noGrad } from '../autograd/grad-mode';
import { record, type GradRule } from '../autograd/node';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { COMPUTE, Code, isFloatingCode } from '../dtype';
import { ArgumentError, DTypeError, ShapeError } from '../errors';
import { broadcastsTo, showShape, type Shape } from '../shape';
import { Tensor, checkTensor } from '../tensor';
import { div, mul } from './arithmetic';
import { booleanArgument, bindArguments, integerArgument, named, numberArgument } from './arguments';
import { copied } from './cast';
import { clampMax, clampMin } from './clamp';
import { ge, le, logicalAnd, lt } from './compare';
import { ceil, exp, log, tan } from './elementary';
import { generate, launch, launchInto } from './kernel';
import { checkFloating, drawRule, generatorOf, type Generator, type Source } from './random';
import { all } from './reduce';
import { addWithAlpha as add, rsub } from './scaled';

/** The dtype in which draws for a dtype are made. */
function drawCode(code: number): number {
  return code === Code.float64 ? Code.float64 : Code.float32;
}

/** Uniform in [0, 1), of a shape. */
function uniform(
  op: string,
  shape: Shape,
  code: number,
  place: number,
  generator: Generator | undefined,
): Tensor {
  const source = generatorOf(op, generator === undefined ? undefined : { generator }, place);
  const count = shape.reduce((n, size) => n * size, 1);
  return generate(Op.uniform, COMPUTE[code]!, shape, code, place, [...source.take(count), 0, 1]);
}

/** Half the distance of 1 to the next number, by the draws' dtype. */
function halfUlp(code: number): number {
  return code === Code.float64 ? 2 ** -54 : 2 ** -25;
}

/** Fills t with what `make` makes of uniform draws. */
function fillWith(
  op: string,
  t: Tensor,
  generator: Generator | undefined,
  rule: GradRule<null>,
  make: (u: Tensor) => Tensor,
): Tensor {
  checkInPlace(op, t, [t]);
  noGrad(() => {
    const made = make(uniform(op, t.shape, drawCode(t.code), t.place, generator));
    launchInto(Op.copy, COMPUTE[t.code]!, [t], [made], []);
  });
  return recordInPlace(t, rule, [t], [], -1, null);
}

const Bernoulli = drawRule('Bernoulli');

function checkProbability(op: string, p: unknown): number {
  const value = numberArgument(op, 'p', p);
  if (!(value >= 0 && value <= 1)) throw new ArgumentError(`${op}: expected 0 <= p <= 1, got ${value}`);
  return value;
}

/** Throws unless all elements are in [0, 1]. */
function checkProbabilities(op: string, p: Tensor): void {
  if (!isFloatingCode(p.code))
    throw new DTypeError(`${op}: expected probabilities of floating point, got ${p.dtype}`);
  if (p.count > 0 && all(logicalAnd(ge(p, 0), le(p, 1))).item() === 0)
    throw new ArgumentError(`${op}: expected probabilities from 0 to 1`);
}

/** Ones with the given probabilities, zeros otherwise, of a shape. */
function ones(
  op: string,
  shape: Shape,
  place: number,
  p: Tensor | number,
  generator: Generator | undefined,
): Tensor {
  const code = p instanceof Tensor ? drawCode(p.code) : Code.float64;
  return lt(uniform(op, shape, code, place, generator), p);
}

interface BernoulliOptions extends Source {
  p?: number;
}

/**
 * Ones with the probabilities that x holds, or all with probability `p`, and zeros: of x's shape and dtype
 * (https://pytorch.org/docs/stable/generated/torch.bernoulli.html).
 */
export function bernoulli(x: Tensor, options?: BernoulliOptions): Tensor;
export function bernoulli(x: Tensor, p: number, options?: Source): Tensor;
export function bernoulli(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('bernoulli', x);
  const [p, generator] = bindArguments('bernoulli', ['p', 'generator'], given) as [unknown, Generator?];
  if (p === undefined) checkProbabilities('bernoulli', x);
  const share = p === undefined ? x.detach() : checkProbability('bernoulli', p);
  const out = noGrad(() => copied(ones('bernoulli', x.shape, x.place, share, generator), x.code));
  return x.code <= 3 ? record(out, Bernoulli, [x], [], null) : out;
}

/** Fills t with ones with probability `p` (0.5; a number, or a tensor that broadcasts), and zeros. */
export const bernoulli_ = named<
  [p?: number | Tensor, generator?: Generator],
  Source & { p?: number | Tensor },
  Tensor
>('bernoulli_', ['p', 'generator'], (t, p = 0.5, generator) => {
  checkTensor('bernoulli_', t);
  const share = p instanceof Tensor ? p : checkProbability('bernoulli_', p);
  if (share instanceof Tensor) {
    checkProbabilities('bernoulli_', share);
    if (!broadcastsTo(share.shape, t.shape))
      throw new ShapeError(
        `bernoulli_: probabilities of shape ${showShape(share.shape)} do not broadcast to ${showShape(t.shape)}`,
      );
  }
  const from = share instanceof Tensor ? share : null;
  checkInPlace('bernoulli_', t, [t]);
  noGrad(() => {
    const drawn = ones('bernoulli_', t.shape, t.place, from === null ? share : from.detach(), generator);
    launchInto(Op.copy, COMPUTE[t.code]!, [t], [drawn], []);
  });
  return recordInPlace(t, Bernoulli, [t], [], -1, null);
});

const Exponential = drawRule('Exponential');
const LogNormal = drawRule('LogNormal');
const Cauchy = drawRule('Cauchy');
const Geometric = drawRule('Geometric');

/**
 * Fills t from the exponential distribution of rate `lambd` (1): all above 0
 * (https://pytorch.org/docs/stable/generated/torch.Tensor.exponential_.html).
 */
export const exponential_ = named<
  [lambd?: number, generator?: Generator],
  Source & { lambd?: number },
  Tensor
>('exponential_', ['lambd', 'generator'], (t, lambd = 1, generator) => {
  checkFloating('exponential_', t);
  if (!(numberArgument('exponential_', 'lambd', lambd) > 0))
    throw new ArgumentError(`exponential_: expected lambd > 0, got ${lambd}`);
  // -ln(1 - u) / lambd, where 1 - u is in (0, 1]; ln 1 would give 0.
  return fillWith('exponential_', t, generator, Exponential, (u) =>
    div(clampMax(log(rsub(u, 1)), -halfUlp(u.code)), -lambd),
  );
});

/** Fills t with numbers whose logarithms are normal with the mean (1) and the deviation (2). */
export const logNormal_ = named<
  [mean?: number, std?: number, generator?: Generator],
  Source & { mean?: number; std?: number },
  Tensor
>('logNormal_', ['mean', 'std', 'generator'], (t, mean = 1, std = 2, generator) => {
  checkFloating('logNormal_', t);
  numberArgument('logNormal_', 'mean', mean);
  if (!(numberArgument('logNormal_', 'std', std) > 0))
    throw new ArgumentError(`logNormal_: expected std > 0, got ${std}`);
  const source = generatorOf('logNormal_', generator === undefined ? undefined : { generator }, t.place);
  checkInPlace('logNormal_', t, [t]);
  const code = drawCode(t.code);
  noGrad(() => {
    const draws = [...source.take(t.count), mean, std];
    const normal = generate(Op.normal, COMPUTE[code]!, t.shape, code, t.place, draws);
    launchInto(Op.copy, COMPUTE[t.code]!, [t], [exp(normal)], []);
  });
  return recordInPlace(t, LogNormal, [t], [], -1, null);
});

/** Fills t from the Cauchy distribution of a median (0) and a scale `sigma` (1). */
export const cauchy_ = named<
  [median?: number, sigma?: number, generator?: Generator],
  Source & { median?: number; sigma?: number },
  Tensor
>('cauchy_', ['median', 'sigma', 'generator'], (t, median = 0, sigma = 1, generator) => {
  checkFloating('cauchy_', t);
  numberArgument('cauchy_', 'median', median);
  if (!(numberArgument('cauchy_', 'sigma', sigma) > 0))
    throw new ArgumentError(`cauchy_: expected sigma > 0, got ${sigma}`);
  // The quantile function; draws are put into the middle of their intervals, away from the poles.
  return fillWith('cauchy_', t, generator, Cauchy, (u) =>
    add(mul(tan(mul(add(u, halfUlp(u.code) - 0.5), Math.PI)), sigma), median),
  );
});

/** Fills t with the number of the first success among trials of probability `p`: 1, 2, … */
export const geometric_ = named<[p: number, generator?: Generator], Source & { p: number }, Tensor>(
  'geometric_',
  ['p', 'generator'],
  (t, p, generator) => {
    checkTensor('geometric_', t);
    if (!(numberArgument('geometric_', 'p', p) > 0 && p < 1))
      throw new ArgumentError(`geometric_: expected 0 < p < 1, got ${p}`);
    if (t.code === Code.bool) throw new DTypeError('geometric_: not defined for bool');
    return fillWith('geometric_', t, generator, Geometric, (u) =>
      clampMin(ceil(div(log(rsub(u, 1)), Math.log1p(-p))), 1),
    );
  },
);

interface MultinomialOptions extends Source {
  numSamples?: number;
  replacement?: boolean;
}

/**
 * Indices drawn with the weights that x holds, which need not sum to one; of a matrix for each row
 * (https://pytorch.org/docs/stable/generated/torch.multinomial.html). int64.
 */
export function multinomial(x: Tensor, numSamples: number, replacement?: boolean, options?: Source): Tensor;
export function multinomial(x: Tensor, numSamples: number, options: MultinomialOptions): Tensor;
export function multinomial(x: Tensor, options: MultinomialOptions): Tensor;
export function multinomial(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('multinomial', x);
  const [samples, second, generator] = bindArguments(
    'multinomial',
    ['numSamples', 'replacement', 'generator'],
    given,
  ) as [unknown, unknown, Generator?];
  const numSamples = integerArgument('multinomial', 'numSamples', samples);
  const replacement = booleanArgument('multinomial', 'replacement', second, false);
  if (!isFloatingCode(x.code))
    throw new DTypeError(`multinomial: expected weights of floating point, got ${x.dtype}`);
  const rank = x.shape.length;
  if (rank !== 1 && rank !== 2)
    throw new ShapeError(`multinomial: expected 1 or 2 dimensions, got shape ${showShape(x.shape)}`);
  if (numSamples <= 0) throw new ArgumentError(`multinomial: expected numSamples > 0, got ${numSamples}`);
  const categories = x.shape[rank - 1]!;
  if (categories === 0 || (!replacement && numSamples > categories))
    throw new ArgumentError(
      `multinomial: can't draw ${numSamples} of ${categories} categories without replacement`,
    );
  const shape = rank === 1 ? [numSamples] : [x.shape[0]!, numSamples];
  const wide = drawCode(x.code);
  const weights = x.code === wide && x.layout === null ? x : copied(x, wide);
  const draws = uniform('multinomial', replacement ? shape : x.shape, Code.float64, x.place, generator);
  const scalars = [replacement ? 1 : 0];
  return launch(Op.multinomial, Code.int64, shape, Code.int64, [weights, draws], scalars);
}
