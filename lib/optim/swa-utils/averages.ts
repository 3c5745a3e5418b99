/** How averages of parameters are brought up to date. */
import { noGrad } from '../../autograd';
import { bindArguments } from '../../functional/arguments';
import { isFloatingCode } from '../../dtype';
import type { Tensor } from '../../tensor';
import { numberWithin } from '../lr-scheduler/arguments';

/** The new average of a parameter, from the old one, the parameter and the number of those in the average. */
export type AvgFn = (averaged: Tensor, current: Tensor, numAveraged: number) => Tensor;
/** The same for many, in place. */
export type MultiAvgFn = (
  averaged: readonly Tensor[],
  current: readonly Tensor[],
  numAveraged: number,
) => void;

export interface EmaOptions {
  /** How much of the average stays in each step (0.999). */
  decay?: number;
}

function decayOf(op: string, given: unknown): number {
  const [decay = 0.999] = bindArguments(op, ['decay'], [given]);
  return numberWithin(op, 'decay', decay, 0, 1);
}

/** For an exponential moving average. */
export function getEmaAvgFn(decay: number | EmaOptions = 0.999): AvgFn {
  const kept = decayOf('getEmaAvgFn', decay);
  return (averaged, current) => noGrad(() => averaged.mul(kept).add(current.mul(1 - kept)));
}

/** For an exponential moving average, in place. */
export function getEmaMultiAvgFn(decay: number | EmaOptions = 0.999): MultiAvgFn {
  const kept = decayOf('getEmaMultiAvgFn', decay);
  return (averaged, current) => {
    noGrad(() => {
      averaged.forEach((old, i) => {
        const now = current[i]!;
        if (isFloatingCode(old.code)) old.lerp_(now, 1 - kept);
        else old.copy_(old.mul(kept).add(now.mul(1 - kept)));
      });
    });
  };
}

/** For the mean of all. */
export function getSwaAvgFn(): AvgFn {
  return (averaged, current, n) => noGrad(() => averaged.add(current.sub(averaged).div(n + 1)));
}

/** For the mean of all, in place. */
export function getSwaMultiAvgFn(): MultiAvgFn {
  return (averaged, current, n) => {
    noGrad(() => {
      averaged.forEach((old, i) => {
        const now = current[i]!;
        if (isFloatingCode(old.code)) old.lerp_(now, 1 / (n + 1));
        else old.copy_(old.add(now.sub(old).div(n + 1)));
      });
    });
  };
}
