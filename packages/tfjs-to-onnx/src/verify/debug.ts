import { encodeModel } from "@glyphcast/onnx";
import type { Json } from "../config.ts";
import { graphFromModel, type ModelOptions } from "../convert-model.ts";
import { TfjsError } from "../errors.ts";
import type { ModelFiles } from "../model-files.ts";
import { withEveryOutput } from "./every-output.ts";
import type { Peers } from "./peers.ts";
import { type Row, type Verification, type VerifyOptions, verify } from "./verify.ts";

/** What `--debug` finds out about a difference. */
export interface Diagnosis {
  /** The first layer or op, in the model's order, whose output differs where each is an output of its own. */
  readonly first?: Row;
  /** How many were compared, or why none were. */
  readonly compared: number;
  readonly note?: string;
}

/**
 * Converts the model again with every layer's or op's output among its outputs, and looks for the first that differs.
 * Where none does, each layer is right by itself, and what makes them one is not: a pass, or what was asked of the
 * outputs.
 */
export async function diagnose(
  files: ModelFiles,
  conversion: ModelOptions,
  peers: Peers,
  options: VerifyOptions,
): Promise<Diagnosis> {
  const modelJson = withEveryOutput(files.modelJson as Json, conversion.signature);
  if (!modelJson) return { compared: 0, note: "the model does not say enough about its layers' order" };
  const { classifier: _classifier, softmax: _softmax, onPass: _onPass, signature: _signature, ...asked } = conversion;
  const plain = { tolerance: options.tolerance, strict: true, seed: options.seed ?? 1 };
  try {
    const { model } = await graphFromModel(modelJson, files.weights, asked);
    const bytes = encodeModel(model);
    const result = await verify({ ...files, modelJson }, { bytes, graph: model.graph }, peers, { ...asked, ...plain });
    return diagnosisOf(result);
  } catch (error) {
    if (!(error instanceof TfjsError)) throw error;
    return { compared: 0, note: error.message };
  }
}

function diagnosisOf({ rows }: Verification): Diagnosis {
  const first = rows.find(({ verdict }) => verdict === "differs");
  const compared = new Set(rows.map(({ output }) => output)).size;
  if (first) return { first, compared };
  return { compared, note: "each by itself agrees: the difference comes from what joins them, a pass or the outputs" };
}
