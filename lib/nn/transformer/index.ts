export { Transformer, type TransformerOptions, type TransformerCall } from './transformer';
export {
  TransformerEncoder,
  TransformerEncoderLayer,
  type EncoderCall,
  type EncoderLayerCall,
  type EncoderOptions,
} from './encoder';
export { TransformerDecoder, TransformerDecoderLayer, type DecoderCall } from './decoder';
export type { TransformerActivation, TransformerLayerOptions } from './options';
