import { type Tensor, tensor } from "@glyphcast/onnx";
import { OutputComparison, type OutputReport } from "../compare/output-comparison.ts";
import { type Tolerances, toleranceOf } from "../compare/tolerance.ts";
import { ParityError, UsageError } from "../errors.ts";
import { randomInputs } from "../input/random.ts";
import { type FailedStatus, failedStatusOf } from "../lane.ts";
import { laneOf } from "../lane-of.ts";
import { modelFrom } from "../model/model-file.ts";
import type { Environment, Feeds, Port } from "../target/protocol.ts";
import { type RuntimeSpec, runtimeFrom } from "../target/runtimes.ts";
import { DEFAULT_SECONDS } from "../target/target.ts";

export interface BatchOptions {
  readonly model: Uint8Array | string;
  readonly models?: Readonly<Record<string, Uint8Array | string>>;
  readonly runtimes: readonly string[];
  /** Batches to cut the same rows into; the largest is the number of rows, and what the others are held to. */
  readonly sizes: readonly number[];
  readonly seed?: number;
  readonly ranges?: Readonly<Record<string, readonly [number, number]>>;
  readonly shapes?: Readonly<Record<string, number>>;
  readonly tolerance?: Tolerances;
  readonly timeLimit?: number;
}

export interface BatchReport {
  readonly runtime: string;
  readonly status: "agrees" | "differs" | FailedStatus;
  readonly reason?: string;
  readonly environment: Environment;
  /** For each size but the largest, its outputs put together against those of the whole. */
  readonly sizes: readonly { readonly size: number; readonly outputs: readonly OutputReport[] }[];
}

/** Asks each runtime whether its answer for a row depends on how many rows are in the batch. */
export async function compareBatches(options: BatchOptions): Promise<BatchReport[]> {
  const sizes = [...new Set(options.sizes)].sort((a, b) => b - a);
  if (sizes.length < 2 || !sizes.every((size) => Number.isInteger(size) && size > 0))
    throw new UsageError(
      `The batches are ${options.sizes.join(",") || "none"}, expected two whole numbers or more, as in 1,7,64.`,
    );
  const reports: BatchReport[] = [];
  for (const spec of options.runtimes.map(runtimeFrom)) reports.push(await batchesOn(spec, sizes, options));
  return reports;
}

async function batchesOn(spec: RuntimeSpec, sizes: readonly number[], options: BatchOptions): Promise<BatchReport> {
  const model = await modelFrom(options.model);
  const lane = await laneOf(spec, model, options.models?.[spec.label], {
    seconds: options.timeLimit ?? DEFAULT_SECONDS,
    profile: false,
  });
  const [whole = 0, ...smaller] = sizes;
  try {
    const { inputs } = await lane.open();
    const batched = batchedInputs(inputs);
    const shapes = { ...options.shapes, ...Object.fromEntries(batched.map((name) => [`${name}.0`, whole])) };
    const [feeds] = randomInputs(inputs, { seed: options.seed ?? 1, ranges: options.ranges ?? {}, shapes });
    const expected = await lane.run(feeds!);
    const compared = [];
    for (const size of smaller) {
      const parts: Feeds[] = [];
      for (let row = 0; row < whole; row += size) {
        const rows = Object.entries(feeds!).map(([name, value]) => [
          name,
          batched.includes(name) ? slice(value, row, Math.min(size, whole - row)) : value,
        ]);
        parts.push(await lane.run(Object.fromEntries(rows)));
      }
      compared.push({ size, outputs: compare(parts, expected, spec, options.tolerance ?? {}) });
    }
    const agrees = compared.every(({ outputs }) => outputs.length > 0 && outputs.every((output) => output.agrees));
    const { environment } = lane;
    return { runtime: spec.label, status: agrees ? "agrees" : "differs", environment, sizes: compared };
  } catch (error) {
    if (!(error instanceof ParityError) || error instanceof UsageError) throw error;
    const reason = "reason" in error ? String(error.reason) : error.message;
    return { runtime: spec.label, status: failedStatusOf(error), reason, environment: lane.environment, sizes: [] };
  } finally {
    await lane.stop();
  }
}

/** Those whose first dimension is open. */
function batchedInputs(inputs: readonly Port[]): string[] {
  const batched = inputs.filter(({ shape }) => typeof shape?.[0] === "string" || (shape?.[0] ?? 0) < 0);
  if (batched.length === 0) throw new UsageError("--batch: no input has an open first dimension; the batch is fixed.");
  return batched.map(({ name }) => name);
}

function slice({ dtype, shape, data }: Tensor, row: number, rows: number): Tensor {
  const [, ...rest] = shape;
  const step = rest.reduce((size, dim) => size * dim, 1);
  return tensor(dtype, [rows, ...rest], data.slice(row * step, (row + rows) * step) as never) as Tensor;
}

function compare(
  parts: readonly Feeds[],
  whole: Feeds,
  { runtime }: RuntimeSpec,
  tolerance: Tolerances,
): OutputReport[] {
  return Object.entries(whole).map(([name, expected]) => {
    const rule = {
      ...toleranceOf(name, expected.dtype, [runtime], tolerance),
      relativeTo: "scale",
      decisions: true,
    } as const;
    const comparison = new OutputComparison(name, rule);
    let row = 0;
    for (const part of parts) {
      const actual = part[name];
      const rows = actual?.shape[0] ?? 0;
      // What has no rows of its own, a constant for instance, is the same for every part.
      const same = actual !== undefined && expected.shape[0] !== undefined && row + rows <= expected.shape[0];
      comparison.add(actual, same && parts.length > 1 ? slice(expected, row, rows) : expected);
      row += rows;
    }
    return comparison.report();
  });
}
