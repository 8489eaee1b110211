export { type Checkpoint, decodeCheckpoint, encodeCheckpoint, initialCheckpoint } from "./checkpoint.ts";
export {
  CheckpointError,
  DataDependentShapeError,
  DivergedError,
  DynamicShapeError,
  FileError,
  NoGradientError,
  NothingToTrainError,
  TrainError,
  UnknownShapeError,
  UnknownValueError,
  UsageError,
} from "./errors.ts";
export { type DifferentiableOp, differentiableOps } from "./gradients/table.ts";
export { binaryCrossEntropyWithLogits, huber, l1, meanSquaredError } from "./losses/elementwise.ts";
export type { Labels, Loss } from "./losses/loss.ts";
export { type SoftmaxCrossEntropyOptions, softmaxCrossEntropy } from "./losses/softmax-cross-entropy.ts";
export { findNonFinite, type NonFinite } from "./non-finite.ts";
export { accumulateGradients } from "./optimisers/accumulate.ts";
export {
  type AdamL2Options,
  type AdamOptions,
  type AdamWOptions,
  adam,
  adamW,
  scaleByAdam,
} from "./optimisers/adam.ts";
export { type Average, averageOf, exponentialAverage } from "./optimisers/average.ts";
export { type LionOptions, lion } from "./optimisers/lion.ts";
export { accumulateMomentum, type MomentumOptions, type SgdOptions, sgd } from "./optimisers/sgd.ts";
export { addDecayedWeights, clipByGlobalNorm, scaleByLearningRate } from "./optimisers/stages.ts";
export {
  chain,
  type Parameter,
  type State,
  type Transform,
  type UpdateSite,
  type Updates,
} from "./optimisers/transform.ts";
export { dropoutMask, randomWords } from "./random.ts";
export { decodeSafetensors, encodeSafetensors, type Safetensors } from "./safetensors.ts";
export {
  type CosineOptions,
  constant,
  cosine,
  type OneCycleOptions,
  oneCycle,
  type Schedule,
  stepDecay,
  warmUp,
} from "./schedules.ts";
export {
  forwardWith,
  type OnnxRuntime,
  type StepResult,
  TrainSession,
  type TrainSessionOptions,
} from "./train-session.ts";
export { buildTrainStep, type StepValue, type TrainStep, type TrainStepOptions } from "./train-step.ts";
