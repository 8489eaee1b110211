import { TfjsError } from "../errors.ts";

/** The comparison could not be made, which is no better than one that failed. */
export class VerificationError extends TfjsError {}

/** TF.js itself cannot load or run the model, so that there is nothing to compare with. */
export class ReferenceFailedError extends VerificationError {
  constructor(doing: "load" | "run", cause: unknown) {
    super(
      "TFJS_REFERENCE",
      `TF.js itself cannot ${doing} this model, so there is nothing to compare with:\n  ${reasonOf(cause)}\n` +
        "  --no-verify converts it without comparing.",
      { cause },
    );
  }
}

/** onnxruntime cannot load or run what was converted: a fault of the converter, or an operator that it lacks. */
export class RuntimeFailedError extends VerificationError {
  constructor(doing: "load" | "run", cause: unknown) {
    super("TFJS_RUNTIME", `onnxruntime cannot ${doing} the converted model:\n  ${reasonOf(cause)}`, { cause });
  }
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
