export {
  DivergedError,
  DynamicShapeError,
  NoGradientError,
  NothingToTrainError,
  TrainError,
  UnknownValueError,
} from "./errors.ts";
export { type DifferentiableOp, differentiableOps } from "./gradients/table.ts";
export type { Loss } from "./losses/loss.ts";
export { type SoftmaxCrossEntropyOptions, softmaxCrossEntropy } from "./losses/softmax-cross-entropy.ts";
export {
  type AdamOptions,
  type AdamWOptions,
  adamW,
  addDecayedWeights,
  scaleByAdam,
  scaleByLearningRate,
} from "./optimisers/adam.ts";
export { type Average, averageOf, exponentialAverage } from "./optimisers/average.ts";
export { chain, type Transform } from "./optimisers/transform.ts";
export { dropoutMask, randomWords } from "./random.ts";
export { constant, type OneCycleOptions, oneCycle, type Schedule } from "./schedules.ts";
export {
  forwardWith,
  type OnnxRuntime,
  type StepResult,
  TrainSession,
  type TrainSessionOptions,
} from "./train-session.ts";
export { buildTrainStep, type StepValue, type TrainStep, type TrainStepOptions } from "./train-step.ts";
