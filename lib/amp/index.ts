/** Mixed precision. */
export {
  GradScaler,
  type GradScalerOptions,
  type GradScalerState,
  type Scalable,
  type Scaled,
} from './grad-scaler';
