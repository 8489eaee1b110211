/** What a user can cause: a stable `code`, the values as fields, and a message that says how to mend it. */
export abstract class RuntimeError extends Error {
  abstract readonly code: string;
}

/** `manifest.json` is not a manifest this version can serve. */
export class ManifestError extends RuntimeError {
  override readonly name = "ManifestError";
  readonly code = "MANIFEST_INVALID";
  readonly file: string;
  /** Where in the file: `input.shape[1]`. */
  readonly path: string;
  readonly found: string;
  readonly expected: string;
  constructor(
    at: { file: string; path: string; found: string; expected: string },
    remedy = "`glyphcast train` writes this file beside the model; publish the model again, or correct it there.",
    options?: ErrorOptions,
  ) {
    const where = at.path === "" ? "the document" : at.path;
    super(`${at.file}: ${where} is ${at.found}, expected ${at.expected}.\n  ${remedy}`, options);
    this.file = at.file;
    this.path = at.path;
    this.found = at.found;
    this.expected = at.expected;
  }
}

/** There is no model where one was looked for. */
export class ModelNotFoundError extends RuntimeError {
  override readonly name = "ModelNotFoundError";
  readonly code = "MODEL_NOT_FOUND";
  readonly where: string;
  constructor(where: string, found: string, remedy: string, options?: ErrorOptions) {
    super(`No model at ${where}: ${found}.\n  ${remedy}`, options);
    this.where = where;
  }
}

/** What identifies a file: its SHA-256 in hexadecimal and its size. */
export interface FileDigest {
  readonly sha256: string;
  readonly bytes: number;
}

/** A file beside the manifest is not the one the manifest describes. */
export class ModelMismatchError extends RuntimeError {
  override readonly name = "ModelMismatchError";
  readonly code = "MODEL_MISMATCH";
  readonly file: string;
  readonly found: FileDigest;
  readonly expected: FileDigest;
  constructor(file: string, found: FileDigest, expected: FileDigest) {
    super(
      `${file} is not the file its manifest describes.\n` +
        `  found     sha256 ${found.sha256}, ${found.bytes} bytes\n` +
        `  expected  sha256 ${expected.sha256}, ${expected.bytes} bytes\n` +
        "  model.onnx and manifest.json belong together: copy the whole version folder again.",
    );
    this.file = file;
    this.found = found;
    this.expected = expected;
  }
}

/** The graph is not the one its manifest announces: a name, a type or a shape differs. */
export class ModelContractError extends RuntimeError {
  override readonly name = "ModelContractError";
  readonly code = "MODEL_CONTRACT";
  readonly value: string;
  readonly found: string;
  readonly expected: string;
  constructor(value: string, found: string, expected: string) {
    super(
      `The model's "${value}" is ${found}, its manifest says ${expected}.\n` +
        "  Publish model and manifest together: `glyphcast train` checks one against the other.",
    );
    this.value = value;
    this.found = found;
    this.expected = expected;
  }
}

/** A device that was asked for by name cannot run the model here. */
export class DeviceUnavailableError extends RuntimeError {
  override readonly name = "DeviceUnavailableError";
  readonly code = "DEVICE_UNAVAILABLE";
  readonly device: string;
  readonly reason: string;
  constructor(device: string, reason: string, remedy: string, options?: ErrorOptions) {
    const sentence = reason.replace(/[.\s]+$/, "");
    super(`device "${device}" cannot be used: ${sentence}.\n  ${remedy}`, options);
    this.device = device;
    this.reason = sentence;
  }
}

/** ONNX Runtime refused the model, or failed while it ran. */
export class InferenceError extends RuntimeError {
  override readonly name = "InferenceError";
  readonly code = "INFERENCE_FAILED";
  constructor(doing: string, cause: unknown, remedy: string) {
    super(`ONNX Runtime failed to ${doing}: ${messageOf(cause)}\n  ${remedy}`, { cause });
  }
}

/** An option that does not exist, most often a misspelt one. */
export class UnknownOptionError extends RuntimeError {
  override readonly name = "UnknownOptionError";
  readonly code = "UNKNOWN_OPTION";
  readonly option: string;
  readonly known: readonly string[];
  constructor(call: string, option: string, known: readonly string[]) {
    super(`${call} has no option "${option}".\n  It takes ${known.join(", ")}.`);
    this.option = option;
    this.known = known;
  }
}

/** An option whose value cannot be used. */
export class OptionValueError extends RuntimeError {
  override readonly name = "OptionValueError";
  readonly code = "OPTION_VALUE";
  readonly option: string;
  readonly found: string;
  readonly expected: string;
  constructor(option: string, found: string, expected: string) {
    super(`${option} is ${found}, expected ${expected}.`);
    this.option = option;
    this.found = found;
    this.expected = expected;
  }
}

/** Pixels that do not have the shape the model reads. */
export class TensorShapeError extends RuntimeError {
  override readonly name = "TensorShapeError";
  readonly code = "TENSOR_SHAPE";
  readonly found: string;
  readonly expected: string;
  constructor(found: string, expected: string) {
    super(
      `pixels are ${found}, the model reads ${expected}.\n` +
        "  Images follow one another, row by row; to turn a picture into pixels, use pixels(picture).",
    );
    this.found = found;
    this.expected = expected;
  }
}

export type PictureCode =
  | "PICTURE_EMPTY"
  | "PICTURE_UNSUPPORTED"
  | "PICTURE_TRUNCATED"
  | "PICTURE_TOO_LARGE"
  | "PICTURE_UNREADABLE";

/** What was handed over as a picture cannot be read as one. */
export class PictureError extends RuntimeError {
  override readonly name = "PictureError";
  readonly code: PictureCode;
  readonly found: string;
  readonly expected: string;
  constructor(code: PictureCode, found: string, expected: string, remedy: string, options?: ErrorOptions) {
    super(`The picture is ${found}, expected ${expected}.\n  ${remedy}`, options);
    this.code = code;
    this.found = found;
    this.expected = expected;
  }
}

/** One of several pictures failed; `cause` says how. */
export class BatchItemError extends RuntimeError {
  override readonly name = "BatchItemError";
  readonly code = "BATCH_ITEM";
  readonly index: number;
  constructor(index: number, total: number, cause: unknown) {
    super(`Picture ${index} of ${total} (counted from 0): ${messageOf(cause)}`, { cause });
    this.index = index;
  }
}

/** The model was used after `dispose()`. */
export class DisposedError extends RuntimeError {
  override readonly name = "DisposedError";
  readonly code = "DISPOSED";
  constructor(call: string) {
    super(
      `${call} was called after dispose().\n  Dispose of a model when its last answer is in; load() gives a new one.`,
    );
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
