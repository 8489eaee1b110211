import type { NonFinite } from "./non-finite.ts";

/** What stops a graph from being trained. `code` is stable; the values are fields. */
export class TrainError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** An operator on the way from the loss to a parameter has no gradient rule. */
export class NoGradientError extends TrainError {
  readonly op: string;
  /** The nodes from the loss to the operator. */
  readonly path: readonly string[];

  constructor(op: string, path: readonly string[], known: readonly string[]) {
    super(
      "NO_GRADIENT",
      `${op} has no gradient rule; it stands on the path ${path.join(" ← ")}.\n` +
        `  Freeze the parameters before it, or rewrite it with: ${known.join(", ")}.`,
    );
    this.op = op;
    this.path = path;
  }
}

/** A name in the options that the graph does not have. */
export class UnknownValueError extends TrainError {
  readonly value: string;

  constructor(what: string, value: string, known: readonly string[]) {
    super("UNKNOWN_VALUE", `${what} "${value}" is not in the graph. It has: ${known.join(", ") || "none"}.`);
    this.value = value;
  }
}

/** Nothing to train: no gradient reaches a trainable parameter. */
export class NothingToTrainError extends TrainError {
  constructor(reason: string) {
    super("NOTHING_TO_TRAIN", reason);
  }
}

/** A dimension that training needs as a number is only a name. */
export class DynamicShapeError extends TrainError {
  readonly value: string;
  readonly dimension: string;

  constructor(value: string, dimension: string) {
    super(
      "DYNAMIC_SHAPE",
      `"${value}" has the dynamic dimension "${dimension}", and a training step has a fixed shape.\n` +
        `  Pass dims: { ${JSON.stringify(dimension)}: <number> }.`,
    );
    this.value = value;
    this.dimension = dimension;
  }
}

/** Nothing tells what shape a value has. */
export class UnknownShapeError extends TrainError {
  readonly value: string;
  /** The node that makes it; undefined for an input. */
  readonly node: string | undefined;

  constructor(value: string, node: string | undefined) {
    super(
      "UNKNOWN_SHAPE",
      node === undefined
        ? `The input "${value}" has no shape, and a training step has a fixed one.\n  Give it one where the graph is made.`
        : `The shape of "${value}", which ${node} makes, cannot be inferred, and training needs it.\n` +
            "  Write the node with ONNX's own operators.",
    );
    this.value = value;
    this.node = node;
  }
}

/** A dimension that training needs as a number depends on what the elements of a value are. */
export class DataDependentShapeError extends TrainError {
  readonly value: string;

  constructor(value: string, shape: readonly unknown[]) {
    super(
      "DYNAMIC_SHAPE",
      `The shape of "${value}", [${shape.join(", ")}], is only known when the step runs, and training needs it fixed.\n` +
        "  Replace what makes it, such as NonZero by Where, or name a prediction before it.",
    );
    this.value = value;
  }
}

/** The loss, or a parameter after the step, is no longer a number. */
export class DivergedError extends TrainError {
  readonly step: number;
  readonly loss: number;
  /** The first tensor that went bad, if one was found. */
  readonly tensor: string | undefined;
  /** How that came about. */
  readonly origin: NonFinite | undefined;

  constructor(step: number, loss: number, tensor: string | undefined, origin?: NonFinite) {
    const first = tensor === undefined ? "" : `, and "${tensor}" went bad first`;
    const details = origin ? `: ${origin.value} at element ${origin.element}, ${whence(origin)}` : "";
    super(
      "DIVERGED",
      `Step ${step}: the loss is ${loss}${first}${details}.\n` +
        "  Parameters and state are what they were before the step. Lower the learning rate, clip the gradients, or\n" +
        "  look at the data if it came in from there.",
    );
    this.step = step;
    this.loss = loss;
    this.tensor = tensor;
    this.origin = origin;
  }
}

const whence = ({ node }: NonFinite): string =>
  node === undefined ? "as it came into the step" : `which ${node} made of finite values`;

/** A checkpoint is damaged, or belongs to another training step. */
export class CheckpointError extends TrainError {
  /** The tensor at fault, or the empty string. */
  readonly tensor: string;

  constructor(tensor: string, message: string, options?: ErrorOptions) {
    super("CHECKPOINT", tensor ? `"${tensor}": ${message}` : message, options);
    this.tensor = tensor;
  }
}

/** The command line does not say what is needed. */
export class UsageError extends TrainError {
  constructor(message: string) {
    super("USAGE", message);
  }
}

/** A file cannot be read, understood or written. */
export class FileError extends TrainError {
  readonly path: string;

  constructor(path: string, message: string, options?: ErrorOptions) {
    super("FILE", message, options);
    this.path = path;
  }
}
