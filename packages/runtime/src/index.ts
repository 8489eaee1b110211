export { EmptyDrawingError, type GrayImage, InvalidImageError, type RgbaImage, type Step } from "@glyphcast/preprocess";
export { toCanvasGrid } from "./canvas-grid.ts";
export { devicesFor, type Fallback, LARGE_MODEL_BYTES, openFirst, type Provider } from "./devices.ts";
export { type Engine, type LocalEngineOptions, type Outputs, type Session, startLocalEngine } from "./engine.ts";
export {
  BatchItemError,
  DeviceUnavailableError,
  DisposedError,
  type FileDigest,
  InferenceError,
  ManifestError,
  ModelContractError,
  ModelMismatchError,
  ModelNotFoundError,
  messageOf,
  OptionValueError,
  type PictureCode,
  PictureError,
  RuntimeError,
  TensorShapeError,
  UnknownOptionError,
} from "./errors.ts";
export { type FetchedModel, fetchModel, type ModelFolder, type Progress } from "./fetch-model.ts";
export { bytesOfInput, type InputShape, type Manifest, MODEL_FILE, parseManifest, readManifest } from "./manifest.ts";
export { type Candidate, type ClassifyOptions, Model, type ModelParts, type Reading } from "./model.ts";
export { checkChoice, checkCount, checkFolder, checkOptions } from "./options.ts";
export {
  checkFileSize,
  checkPictureSize,
  inspectPicture,
  MAX_FILE_BYTES,
  MAX_PIXELS,
  PICTURE_FORMATS,
  type PictureFile,
  type PictureFormat,
} from "./picture-file.ts";
export { createQueue, type Queue } from "./queue.ts";
