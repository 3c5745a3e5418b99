/** Softmax over many classes, most of them rare, with its loss. */
import { DTYPES, type DType } from '../../dtype';
import type { DeviceLike } from '../../device';
import { ArgumentError, IndexError, ShapeError, describe } from '../../errors';
import { logSoftmax } from '../../functional/softmax';
import { bindArguments, booleanArgument, isListOf, numberArgument } from '../../functional/arguments';
import { add, neg } from '../../functional/arithmetic';
import { cast } from '../../functional/cast';
import { tolist } from '../../functional/convert';
import { tensor, zeros } from '../../functional/creation';
import { indexAdd, indexSelect } from '../../functional/index-select';
import { cat } from '../../functional/join';
import { argmax, mean } from '../../functional/reduce';
import { gather } from '../../functional/scatter';
import { narrow, reshape, unsqueeze } from '../../functional/view';
import { showShape } from '../../shape';
import { type Tensor, checkTensor } from '../../tensor';
import { ModuleList, Sequential } from '../container';
import { Linear, checkSize } from '../linear';
import { Module } from '../module';

export interface AdaptiveLogSoftmaxOptions {
  /** How many times smaller each cluster's projection is than the one before it (4). */
  divValue?: number;
  /** Whether the head has a bias (false). */
  headBias?: boolean;
  device?: DeviceLike;
  dtype?: DType;
}

/** Log probabilities of the targets, and their negative mean, by position and by name. */
export type OutputAndLoss = readonly [Tensor, Tensor] & { readonly output: Tensor; readonly loss: Tensor };

const NAMES = ['inFeatures', 'nClasses', 'cutoffs', 'divValue', 'headBias', 'device', 'dtype'];

function checkCutoffs(op: string, cutoffs: unknown, classes: number): asserts cutoffs is readonly number[] {
  const rises = (c: unknown, i: number): boolean =>
    Number.isInteger(c) && (c as number) > (i === 0 ? 0 : (cutoffs as readonly number[])[i - 1]!);
  if (!isListOf<number>(cutoffs, rises) || cutoffs.length === 0 || cutoffs.at(-1)! >= classes)
    throw new ArgumentError(
      `${op}: expected cutoffs to be rising integers from 1 to ${classes - 1}, got ${describe(cutoffs)}`,
    );
}

/**
 * Log softmax with frequent classes in a head and rare ones in clusters behind small projections, and its loss: classes are sorted by
 * frequency, `cutoffs` are where clusters begin
 * (https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveLogSoftmaxWithLoss.html).
 */
export class AdaptiveLogSoftmaxWithLoss extends Module {
  readonly inFeatures: number;
  readonly nClasses: number;
  /** Where clusters begin, and the number of classes. */
  readonly cutoffs: readonly number[];
  readonly divValue: number;
  readonly headBias: boolean;
  readonly shortlistSize: number;
  readonly nClusters: number;
  readonly headSize: number;
  head: Linear;
  tail: ModuleList<Sequential>;

  constructor(
    inFeatures: number,
    nClasses: number,
    cutoffs: readonly number[],
    options?: AdaptiveLogSoftmaxOptions,
  );
  constructor(
    inFeatures: number,
    nClasses: number,
    cutoffs: readonly number[],
    divValue: number,
    options?: AdaptiveLogSoftmaxOptions,
  );
  constructor(
    inFeatures: number,
    nClasses: number,
    cutoffs: readonly number[],
    divValue: number,
    headBias: boolean,
    options?: AdaptiveLogSoftmaxOptions,
  );
  constructor(...given: readonly unknown[]) {
    super();
    const op = 'AdaptiveLogSoftmaxWithLoss';
    const [inFeatures, nClasses, cutoffs, divValue, headBias, device, dtype] = bindArguments(
      op,
      NAMES,
      given,
    );
    checkSize(op, 'inFeatures', inFeatures);
    checkSize(op, 'nClasses', nClasses);
    checkCutoffs(op, cutoffs, nClasses);
    this.inFeatures = inFeatures;
    this.nClasses = nClasses;
    this.cutoffs = [...cutoffs, nClasses];
    this.divValue = numberArgument(op, 'divValue', divValue ?? 4);
    if (!(this.divValue > 0)) throw new ArgumentError(`${op}: expected divValue > 0, got ${this.divValue}`);
    this.headBias = booleanArgument(op, 'headBias', headBias, false);
    this.shortlistSize = cutoffs[0]!;
    this.nClusters = cutoffs.length;
    this.headSize = this.shortlistSize + this.nClusters;
    const made = { device, dtype } as { device?: DeviceLike; dtype?: DType };
    this.head = new Linear(inFeatures, this.headSize, { bias: this.headBias, ...made });
    const clusters = cutoffs.map((_, i) => {
      const hidden = Math.floor(inFeatures / this.divValue ** (i + 1));
      const size = this.cutoffs[i + 1]! - this.cutoffs[i]!;
      return new Sequential(
        new Linear(inFeatures, hidden, { bias: false, ...made }),
        new Linear(hidden, size, { bias: false, ...made }),
      );
    });
    this.tail = new ModuleList(clusters);
  }

  resetParameters(): void {
    this.head.resetParameters();
    for (const cluster of this.tail) for (const layer of cluster) (layer as Linear).resetParameters();
  }

  /** Input [n, inFeatures] and target int64 [n], or [inFeatures] and []. */
  override forward(input: Tensor, target: Tensor): OutputAndLoss {
    const op = 'AdaptiveLogSoftmaxWithLoss';
    checkTensor(op, input);
    checkTensor(op, target, 'target');
    const rank = target.shape.length;
    if (rank > 1 || input.shape.length !== rank + 1 || (rank === 1 && input.shape[0] !== target.shape[0]))
      throw new ShapeError(
        `${op}: expected input [n, ${this.inFeatures}] and target [n], or [${this.inFeatures}] and [], got ${showShape(input.shape)} and ${showShape(target.shape)}`,
      );
    const x = rank === 1 ? input : unsqueeze(input, 0);
    const labels = ([] as number[]).concat(tolist<number | number[]>(target));
    const wrong = labels.find((c) => c < 0 || c >= this.nClasses);
    if (wrong !== undefined)
      throw new IndexError(`${op}: target ${wrong} is out of range for ${this.nClasses} classes`);
    const int64 = (values: number[]): Tensor =>
      cast(tensor(values, { dtype: 'int64' }), target.code, x.place);
    const clusterOf = labels.map((c) => this.cutoffs.findIndex((end) => c < end));
    const inHead = labels.map((c, i) => (clusterOf[i] === 0 ? c : this.shortlistSize + clusterOf[i]! - 1));
    const pick = (logits: Tensor, index: number[]): Tensor =>
      reshape(gather(logSoftmax(logits, 1), 1, unsqueeze(int64(index), 1)), [index.length]);
    let output = pick(this.head.forward(x), inHead);
    [...this.tail].forEach((cluster, k) => {
      const rows = labels.flatMap((_, i) => (clusterOf[i] === k + 1 ? [i] : []));
      if (rows.length === 0) return;
      const at = int64(rows);
      const local = pick(
        cluster.forward(indexSelect(x, 0, at)),
        rows.map((i) => labels[i]! - this.cutoffs[k]!),
      );
      const spread = indexAdd(
        zeros([labels.length], { dtype: DTYPES[local.code]!, device: x.device }),
        0,
        at,
        local,
      );
      output = add(output, spread);
    });
    const loss = mean(neg(output));
    const shaped = rank === 1 ? output : reshape(output, []);
    return Object.assign([shaped, loss] as const, { output: shaped, loss });
  }

  /** The log probabilities of all classes: [n, inFeatures] to [n, nClasses]. */
  logProb(input: Tensor): Tensor {
    checkTensor('logProb', input);
    const head = logSoftmax(this.head.forward(input), 1);
    const clusters = [...this.tail].map((cluster, i) =>
      add(logSoftmax(cluster.forward(input), 1), narrow(head, 1, this.shortlistSize + i, 1)),
    );
    return cat([narrow(head, 1, 0, this.shortlistSize), ...clusters], 1);
  }

  /** The most probable class of each row. */
  predict(input: Tensor): Tensor {
    return argmax(this.logProb(input), 1);
  }
}
