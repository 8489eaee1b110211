export {
  BatchItemError,
  type Candidate,
  type ClassifyOptions,
  DeviceUnavailableError,
  DisposedError,
  EmptyDrawingError,
  type Fallback,
  InferenceError,
  InvalidImageError,
  type Manifest,
  ManifestError,
  type Model,
  ModelContractError,
  ModelMismatchError,
  ModelNotFoundError,
  OptionValueError,
  type Outputs,
  type PictureCode,
  PictureError,
  type Progress,
  type Provider,
  type Reading,
  type RgbaImage,
  RuntimeError,
  TensorShapeError,
  UnknownOptionError,
} from "@glyphcast/runtime";
export { decodePicture, type Picture } from "./decode.ts";
export { WorkerStoppedError } from "./errors.ts";
export { type LoadOptions, load } from "./load.ts";
export type { Device } from "./open-engine.ts";
