/** Schedules by functions. */
import { ArgumentError, describe } from '../../errors';
import { bindArguments } from '../../functional/arguments';
import { groupsOf, type Arguments, type ScheduledOptimizer } from './arguments';
import { LRScheduler } from './scheduler';

/** A factor for an epoch. */
export type LrLambda = (epoch: number) => number;

export interface LambdaLROptions {
  /** A function for all groups, or one for each. */
  lrLambda?: LrLambda | readonly LrLambda[];
  lastEpoch?: number;
}

type LambdaArguments = Arguments<
  [lrLambda: LrLambda | readonly LrLambda[], lastEpoch: number],
  LambdaLROptions
>;

/** The functions, one for each group, and lastEpoch. */
function lambdasOf(
  op: string,
  optimizer: ScheduledOptimizer,
  given: LambdaArguments,
): [lambdas: LrLambda[], lastEpoch: number] {
  const [lambda, lastEpoch = -1] = bindArguments(op, ['lrLambda', 'lastEpoch'], given);
  const groups = groupsOf(op, optimizer);
  const lambdas: unknown[] = Array.isArray(lambda) ? lambda : groups.map(() => lambda);
  if (lambdas.length !== groups.length || !lambdas.every((f) => typeof f === 'function'))
    throw new ArgumentError(
      `${op}: expected lrLambda to be a function or one for each of the ${groups.length} groups, got ${describe(lambda)}`,
    );
  return [lambdas.slice() as LrLambda[], lastEpoch as number];
}

/** The initial learning rate times a function of the epoch (https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html). */
export class LambdaLR extends LRScheduler {
  lrLambdas: LrLambda[];

  constructor(optimizer: ScheduledOptimizer, ...given: LambdaArguments) {
    const [lambdas, lastEpoch] = lambdasOf('LambdaLR', optimizer, given);
    super(optimizer, lastEpoch);
    this.lrLambdas = lambdas;
    if (new.target === LambdaLR) this.begin();
  }

  override getLr(): number[] {
    return this.baseLrs.map((lr, i) => lr * this.lrLambdas[i]!(this.lastEpoch));
  }
}

/** The learning rate before times a function of the epoch (https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html). */
export class MultiplicativeLR extends LRScheduler {
  lrLambdas: LrLambda[];

  constructor(optimizer: ScheduledOptimizer, ...given: LambdaArguments) {
    const [lambdas, lastEpoch] = lambdasOf('MultiplicativeLR', optimizer, given);
    super(optimizer, lastEpoch);
    this.lrLambdas = lambdas;
    if (new.target === MultiplicativeLR) this.begin();
  }

  override getLr(): number[] {
    return this.groups.map((group, i) =>
      this.isInitial ? group.lr : group.lr * this.lrLambdas[i]!(this.lastEpoch),
    );
  }
}
