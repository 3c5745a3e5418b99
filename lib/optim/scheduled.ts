/** What learning-rate schedulers keep in an optimizer's groups, in state dicts under PyTorch's names (`initial_lr`). */

export interface ScheduledValues {
  /** The learning rate a schedule starts from; what `lastEpoch` needs to go on. */
  initialLr?: number;
  maxLr?: number;
  minLr?: number;
  maxMomentum?: number;
  baseMomentum?: number;
  swaLr?: number;
}

/** Their names. */
export const SCHEDULED: readonly (keyof ScheduledValues)[] = [
  'initialLr',
  'maxLr',
  'minLr',
  'maxMomentum',
  'baseMomentum',
  'swaLr',
];
