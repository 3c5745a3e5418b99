/** Tensors in files. */
export { save, load, type SaveOptions, type LoadOptions, type Loaded, type LoadedObject } from './save';
export type { Saveable } from './state';
export type { Path } from './path';
export {
  saveFile,
  loadFile,
  loadMetadata,
  type LoadFileOptions,
  type NamedTensors,
  type Metadata,
} from './safetensors';
export { saveNpy, loadNpy } from './npy';
export { saveNpz, loadNpz, type SaveNpzOptions } from './npz';
