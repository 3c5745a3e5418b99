/** The momentum of a group, or what stands for it: the first of the betas. */
import { ArgumentError } from '../../errors';
import { groupsOf, perGroup, type ScheduledGroup, type ScheduledOptimizer } from './arguments';

/** Whether the optimizer's momentum is the first of its betas; throws where it has none at all. */
export function usesBetas(op: string, optimizer: ScheduledOptimizer): boolean {
  if ('betas' in optimizer.defaults) return true;
  if ('momentum' in optimizer.defaults) return false;
  throw new ArgumentError(
    `${op}: expected an optimizer with momentum or betas, as cycleMomentum is true, got one of ${optimizer.constructor.name}`,
  );
}

export function setMomentum(group: ScheduledGroup, inBetas: boolean, momentum: number): void {
  if (inBetas) group.betas = [momentum, ...group.betas!.slice(1)];
  else group.momentum = momentum;
}

/** The lowest and the highest momentum of each group; what is there at the start of a schedule is the highest. */
export function momentumRange(
  op: string,
  optimizer: ScheduledOptimizer,
  base: unknown,
  max: unknown,
  start: boolean,
): [lowest: number[], highest: number[]] {
  const inBetas = usesBetas(op, optimizer);
  const lowest = perGroup(op, 'baseMomentum', optimizer, base);
  const highest = perGroup(op, 'maxMomentum', optimizer, max);
  if (start)
    groupsOf(op, optimizer).forEach((group, i) => {
      setMomentum(group, inBetas, highest[i]!);
      group.maxMomentum = highest[i]!;
      group.baseMomentum = lowest[i]!;
    });
  return [lowest, highest];
}

/** What PyTorch saves of a schedule about momentum. */
export function savedMomentum(schedule: {
  cycleMomentum: boolean;
  optimizer: ScheduledOptimizer;
}): Record<string, boolean> {
  return schedule.cycleMomentum ? { use_beta1: 'betas' in schedule.optimizer.defaults } : {};
}
