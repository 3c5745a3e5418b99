/** Averages of models. */
export { AveragedModel, type AveragedModelOptions } from './averaged-model';
export { getEmaAvgFn, getEmaMultiAvgFn, getSwaAvgFn, getSwaMultiAvgFn } from './averages';
export type { AvgFn, MultiAvgFn, EmaOptions } from './averages';
export { SWALR, type SWALROptions } from './swalr';
export { updateBn, updateBnAsync, type Batch } from './update-bn';
