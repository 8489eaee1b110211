export { type BatchOptions, type BatchReport, compareBatches } from "./batch/compare-batches.ts";
export type { Decisions } from "./compare/decisions.ts";
export { OutputComparison, type OutputReport, type Rule, type Worst } from "./compare/output-comparison.ts";
export { PRESETS, type Tolerance, type Tolerances } from "./compare/tolerance.ts";
export {
  type CompareOptions,
  compareRuntimes,
  type Inputs,
  type ParityReport,
  type RuntimeReport,
} from "./compare-runtimes.ts";
export {
  CrashError,
  ExternalDataError,
  FileError,
  InputError,
  NothingComparedError,
  ParityError,
  PicturesError,
  RefusedError,
  TimeLimitError,
  UnavailableError,
  UnknownRuntimeError,
  UsageError,
} from "./errors.ts";
export { npyFromTensor, tensorFromNpy } from "./input/npy.ts";
export { type RandomOptions, randomInputs } from "./input/random.ts";
export { readInputs } from "./input/read-inputs.ts";
export { type Located, type LocateOptions, locateDifference, type Search } from "./locate/locate-difference.ts";
export { type ParityMatchers, parityMatchers } from "./matchers.ts";
export type { PageModules } from "./pictures/page-modules.ts";
export {
  openPictures,
  type PictureDifference,
  Pictures,
  type PicturesOptions,
  type PicturesReport,
} from "./pictures/pictures.ts";
export { htmlOf } from "./report/html.ts";
export { junitOf } from "./report/junit.ts";
export { picturesHead, picturesLines } from "./report/pictures.ts";
export { environmentOf, placementOf } from "./report/text.ts";
export { OutputFolder, type SavedIndex, SavedOutputs } from "./saved/save-outputs.ts";
export { runSuite, type SuiteOptions, type SuiteReport, type SuiteRuntime, type SuiteTest } from "./suite/run-suite.ts";
export type { Environment, Feeds, Placement, Port } from "./target/protocol.ts";
export { RUNTIME_NAMES, type RuntimeName } from "./target/runtimes.ts";
