/** Mixed precision. */
export {
  GradScaler,
  type GradScalerOptions,
  type GradScalerState,
  type Scalable,
  type Scaled,
} from './grad-scaler';
export { autocast, autocastAsync, isAutocastEnabled, type AutocastOptions } from './autocast';
