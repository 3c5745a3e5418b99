/** PyTorch for Node.js: tensors, autograd, neural networks and optimizers over native kernels. */
import { traceAsTold } from './profiler/environment';

export * from './functional';
export { Tensor } from './tensor';
export type { Shape } from './shape';
export {
  getDefaultDevice,
  setDefaultDevice,
  isAutoTransfer,
  setAutoTransfer,
  type Device,
  type DeviceLike,
} from './device';
export {
  float32,
  float64,
  float16,
  bfloat16,
  int8,
  uint8,
  int16,
  int32,
  int64,
  bool,
  float,
  double,
  half,
  short,
  int,
  long,
  getDefaultDtype,
  promoteTypes,
  canCast,
  type DType,
  type TensorTypedArray,
} from './dtype';
export {
  TenonError,
  ArgumentError,
  ShapeError,
  DTypeError,
  DeviceError,
  IndexError,
  AutogradError,
  LinAlgError,
  OutOfMemoryError,
  FileError,
  NativeError,
  InternalError,
} from './errors';
export * from './autograd/grad-mode';
export type { GradHook, GradFn } from './autograd';
export { setPrintoptions, getPrintoptions } from './print';
export {
  collect,
  memoryStats,
  resetPeakMemory,
  emptyCache,
  getMemoryLimit,
  setMemoryLimit,
  memorySummary,
  liveTensorReport,
  isTensorTracking,
  setTensorTracking,
  getNumThreads,
  setNumThreads,
  cpuCapability,
  type MemoryStats,
  type LiveTensorSite,
} from './runtime';
export { shareTensor, fromShared, releaseShared, type SharedTensor } from './share';
export * as cpu from './cpu';
export * as cuda from './cuda';
export * as autograd from './autograd';
export * as linalg from './linalg';
export * as nn from './nn';
export * as optim from './optim';
export * as amp from './amp';
export * as io from './io';
export { save, load, type SaveOptions, type LoadOptions, type Saveable, type Loaded } from './io';
export * as utils from './utils';
export * as special from './special';
export * as profiler from './profiler';
export * as testing from './testing';

traceAsTold();
