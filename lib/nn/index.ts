/** Neural networks. */
export { Module, type StateDict, type SharedStateDict, type IncompatibleKeys } from './module';
export type { HookOptions } from './hooks';
export type { Gradients } from './backward-hooks';
export { Parameter, Buffer } from './parameter';
export { Linear, type LinearOptions } from './linear';
export { Sequential, ModuleList, ModuleDict } from './container';
export { Flatten, Unflatten, Identity } from './flatten';
export { Bilinear } from './bilinear';
export { CosineSimilarity, PairwiseDistance } from './distance';
export * from './activations';
export {
  MultiheadAttention,
  type MultiheadAttentionOptions,
  type AttentionCall,
} from './attention/multihead';
export * from './transformer';
export { ParameterList, ParameterDict } from './parameter-containers';
export { summary, type SummaryOptions, type InputShape } from './summary';
export { BatchNorm1d, BatchNorm2d, BatchNorm3d, SyncBatchNorm } from './batch-norm';
export { InstanceNorm1d, InstanceNorm2d, InstanceNorm3d } from './instance-norm';
export { LayerNorm, RMSNorm, GroupNorm, LocalResponseNorm, CrossMapLRN2d } from './normalization';
export type { LayerNormOptions, RMSNormOptions, GroupNormOptions } from './normalization';
export type { ChannelNormOptions } from './norm-base';
export { Dropout, Dropout1d, Dropout2d, Dropout3d, AlphaDropout, FeatureAlphaDropout } from './dropout';
export {
  Embedding,
  EmbeddingBag,
  type EmbeddingOptions,
  type EmbeddingBagOptions,
  type EmbeddingBagCall,
} from './embedding';
export { RReLU } from './rrelu';
export { Conv1d, Conv2d, Conv3d, type ConvLayerOptions } from './conv';
export {
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeLayerOptions,
} from './conv-transpose';
export { Unfold, Fold } from './fold';
export { RNNBase, type RecurrentOptions } from './recurrent-base';
export { RNN, LSTM, GRU, type RNNOptions, type LSTMOptions } from './recurrent';
export { RNNCell, LSTMCell, GRUCell, type CellOptions, type RNNCellOptions } from './recurrent-cells';
export * from './padding';
export * from './pooling';
export * from './adaptive-pooling';
export * from './upsampling';
export * from './losses';
export * as functional from './functional';
export * as init from './init';
export * as utils from './utils';
