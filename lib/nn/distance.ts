import { bindArguments, booleanArgument, integerArgument, numberArgument } from '../functional/arguments';
import { cosineSimilarity, pairwiseDistance } from '../functional/similarity';
import type { Tensor } from '../tensor';
import { Module } from './module';

interface SimilarityOptions {
  dim?: number;
  eps?: number;
}

/** The cosine of the angle between vectors along `dim` (1) (https://pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html). */
export class CosineSimilarity extends Module {
  readonly dim: number;
  readonly eps: number;

  constructor(dim?: number | SimilarityOptions, eps?: number | SimilarityOptions);
  constructor(...given: readonly unknown[]) {
    super();
    const [dim = 1, eps = 1e-8] = bindArguments('CosineSimilarity', ['dim', 'eps'], given);
    this.dim = integerArgument('CosineSimilarity', 'dim', dim);
    this.eps = numberArgument('CosineSimilarity', 'eps', eps);
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return cosineSimilarity(x1, x2, this.dim, this.eps);
  }
}

interface DistanceOptions {
  p?: number;
  eps?: number;
  keepdim?: boolean;
}

/** The p-norm (2) of differences along the last dimension (https://pytorch.org/docs/stable/generated/torch.nn.PairwiseDistance.html). */
export class PairwiseDistance extends Module {
  readonly norm: number;
  readonly eps: number;
  readonly keepdim: boolean;

  constructor(
    p?: number | DistanceOptions,
    eps?: number | DistanceOptions,
    keepdim?: boolean | DistanceOptions,
  );
  constructor(...given: readonly unknown[]) {
    super();
    const [p = 2, eps = 1e-6, keepdim] = bindArguments('PairwiseDistance', ['p', 'eps', 'keepdim'], given);
    this.norm = numberArgument('PairwiseDistance', 'p', p);
    this.eps = numberArgument('PairwiseDistance', 'eps', eps);
    this.keepdim = booleanArgument('PairwiseDistance', 'keepdim', keepdim, false);
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return pairwiseDistance(x1, x2, this.norm, this.eps, this.keepdim);
  }
}
