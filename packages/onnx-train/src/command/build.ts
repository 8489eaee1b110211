import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { decodeModel, encodeModel, type Model, OnnxError } from "@glyphcast/onnx";
import { initialCheckpoint } from "../checkpoint.ts";
import { FileError, NothingToTrainError, TrainError, UnknownValueError } from "../errors.ts";
import { exponentialAverage } from "../optimisers/average.ts";
import { clipByGlobalNorm } from "../optimisers/stages.ts";
import { chain } from "../optimisers/transform.ts";
import { buildTrainStep, type StepValue, type TrainStep } from "../train-step.ts";
import { LOSSES, type LossFlags, OPTIMISERS, type OptimiserFlags } from "./choices.ts";
import { matcherOf } from "./pattern.ts";

export interface BuildRequest extends LossFlags, OptimiserFlags {
  readonly forward: string;
  readonly folder: string;
  readonly loss: keyof typeof LOSSES;
  readonly optimiser: keyof typeof OPTIMISERS;
  readonly batch: number;
  /** Extents of other dynamic dimensions. */
  readonly dims: Readonly<Record<string, number>>;
  readonly trainable: readonly string[];
  readonly prediction?: string | undefined;
  readonly clipNorm?: number | undefined;
  readonly ema?: number | undefined;
  readonly gradients: boolean;
}

/** What was written, and what is in it. */
export interface BuildSummary {
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly nodes: number;
  readonly parameters: number;
  readonly inputs: readonly StepValue[];
  readonly outputs: readonly StepValue[];
}

/** Writes `train-step.onnx`, `train-step.json` and `checkpoint.safetensors` into a folder: all of them or none. */
export async function buildFiles(request: BuildRequest): Promise<BuildSummary> {
  const step = stepOf(await readModel(request.forward), request);
  const { inputs, outputs } = step;
  const contents = {
    "train-step.onnx": encodeModel(step.model),
    "train-step.json": `${JSON.stringify({ inputs, outputs }, null, 2)}\n`,
    "checkpoint.safetensors": initialCheckpoint(step),
  };
  const written = await writeAll(request.folder, contents);
  const sizes = inputs.filter(({ role }) => role === "parameter").map(({ shape }) => shape);
  return {
    files: written,
    nodes: step.model.graph.nodes.length,
    parameters: sizes.reduce((sum, shape) => sum + shape.reduce((size, dim) => size * dim, 1), 0),
    inputs,
    outputs,
  };
}

function stepOf(model: Model, request: BuildRequest): TrainStep {
  const { loss, optimiser, clipNorm, ema, trainable, prediction, gradients } = request;
  const descent = OPTIMISERS[optimiser](request);
  const matches = matcherOf(trainable);
  if (trainable.length > 0) requireMatches(model, trainable);
  return buildTrainStep(model, {
    loss: LOSSES[loss](request),
    optimiser: clipNorm === undefined ? descent : chain(clipByGlobalNorm(clipNorm), descent),
    dims: { ...batchDims(model, request.batch), ...request.dims },
    gradients,
    ...(trainable.length > 0 && { trainable: matches }),
    ...(prediction !== undefined && { prediction }),
    ...(ema !== undefined && { average: exponentialAverage(ema) }),
  });
}

/** A dynamic first dimension is the batch. */
function batchDims({ graph }: Model, batch: number): Record<string, number> {
  const firsts = graph.inputs.map(({ shape }) => shape?.[0]).filter((dim) => typeof dim === "string");
  return Object.fromEntries(firsts.map((dim) => [dim, batch]));
}

function requireMatches({ graph }: Model, patterns: readonly string[]): void {
  const names = [...graph.initializers].filter(([, { dtype }]) => dtype === "float32").map(([name]) => name);
  for (const pattern of patterns)
    if (!names.some(matcherOf([pattern]))) throw new UnknownValueError("Trainable parameter", pattern, names);
  if (names.length === 0) throw new NothingToTrainError("The graph has no float32 initializers.");
}

async function readModel(path: string): Promise<Model> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new FileError(path, `${path} cannot be read: ${(cause as Error).message}.`, { cause });
  }
  try {
    return decodeModel(bytes);
  } catch (cause) {
    if (!(cause instanceof OnnxError)) throw cause;
    throw new FileError(path, `${path}: ${cause.message}`, { cause });
  }
}

/** Each file is written under a temporary name first; the names are changed when all are there. */
async function writeAll(folder: string, contents: Readonly<Record<string, Uint8Array | string>>) {
  const temporary = (name: string) => join(folder, `.${name}.${process.pid}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    for (const [name, content] of Object.entries(contents)) await writeFile(temporary(name), content);
    for (const name of Object.keys(contents)) await rename(temporary(name), join(folder, name));
  } catch (cause) {
    for (const name of Object.keys(contents)) await rm(temporary(name), { force: true }).catch(() => {});
    if (cause instanceof TrainError) throw cause;
    throw new FileError(
      folder,
      `${folder} cannot be written: ${(cause as Error).message}.\n  Choose another folder with -o.`,
      { cause },
    );
  }
  return Object.entries(contents).map(([name, content]) => ({
    path: join(folder, name),
    bytes: Buffer.byteLength(content),
  }));
}
