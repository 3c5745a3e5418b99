/** Draws as methods. */
import { attach } from '../attach';
import * as distributions from '../distributions';
import type { Source } from '../random';

declare module '../../tensor' {
  interface Tensor {
    /** Ones with the probabilities that this holds, or all with probability `p`, and zeros. */
    bernoulli(options?: Source & { p?: number }): Tensor;
    bernoulli(p: number, options?: Source): Tensor;
    /** Fills with ones with probability `p` (0.5), and zeros. */
    bernoulli_(p?: number | Tensor, options?: Source): this;
    bernoulli_(options: Source & { p?: number | Tensor }): this;
    /** Indices drawn with these weights; of a matrix for each row. */
    multinomial(numSamples: number, replacement?: boolean, options?: Source): Tensor;
    multinomial(numSamples: number, options: Source & { replacement?: boolean }): Tensor;
    multinomial(options: Source & { numSamples: number; replacement?: boolean }): Tensor;
    exponential_(lambd?: number, options?: Source): this;
    exponential_(options: Source & { lambd?: number }): this;
    logNormal_(mean?: number, std?: number, options?: Source): this;
    logNormal_(options: Source & { mean?: number; std?: number }): this;
    cauchy_(median?: number, sigma?: number, options?: Source): this;
    cauchy_(options: Source & { median?: number; sigma?: number }): this;
    geometric_(p: number, options?: Source): this;
    geometric_(options: Source & { p: number }): this;
  }
}

const { bernoulli, bernoulli_, multinomial, exponential_, logNormal_, cauchy_, geometric_ } = distributions;
attach({ bernoulli, bernoulli_, multinomial, exponential_, logNormal_, cauchy_, geometric_ });
