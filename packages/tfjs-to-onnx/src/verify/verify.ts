import { availableParallelism } from "node:os";
import type { Graph, ValueInfo } from "@glyphcast/onnx";
import type { InferenceSession } from "onnxruntime-node";
import type { ModelFiles } from "../model-files.ts";
import type { Answer, Elements } from "./answer.ts";
import { type Comparison, compare } from "./compare.ts";
import type { Diagnosis } from "./debug.ts";
import { draw, isOpen, LEVELS, randomFrom, type Sizes, sizesOf } from "./draw.ts";
import { ReferenceFailedError, RuntimeFailedError } from "./errors.ts";
import { asTfjs, type Contract, type Expectation, expectationOf, isChannelsFirst } from "./expectation.ts";
import type { Peers } from "./peers.ts";
import { loadReference, type Reference } from "./reference.ts";

export interface VerifyOptions extends Contract {
  /** How far an output may be from TF.js's, in proportion to its scale. */
  readonly tolerance: number;
  /** Whether the tolerance stands even where rounding moves TF.js's own answer further. */
  readonly strict?: boolean;
  readonly seed?: number;
  /** Told where this will take a while. */
  readonly onSlow?: (message: string) => void;
}

/** One output in one run. */
export interface Row extends Comparison {
  readonly output: string;
  readonly shape: readonly number[];
  /** How far TF.js's own answer moves, by the output's scale, where the input moves by a millionth of itself. */
  readonly sensitivity?: number;
}

export interface Verification {
  readonly verdict: "same" | "differs";
  readonly tolerance: number;
  readonly seed: number;
  readonly reference: string;
  readonly runtime: string;
  readonly rows: readonly Row[];
  readonly milliseconds: { readonly tfjs: number; readonly onnxruntime: number };
  /** Where outputs differ and `--debug` was given. */
  readonly diagnosis?: Diagnosis;
}

/** Longer than this for one example is worth a word, since TF.js's cpu backend is plain JavaScript. */
const SLOW = 5_000;

/**
 * Runs the original in TF.js and the conversion in onnxruntime on the same seeded inputs, and compares every output.
 *
 * `bytes` is the .onnx file, `graph` what it holds.
 * @throws ReferenceFailedError, RuntimeFailedError where one of the two does not run
 */
export async function verify(
  files: ModelFiles,
  { bytes, graph }: { readonly bytes: Uint8Array; readonly graph: Graph },
  peers: Peers,
  options: VerifyOptions,
): Promise<Verification> {
  const { tolerance, strict = false, seed = 1, onSlow = () => {} } = options;
  const reference = await loadReference(files, peers, options);
  const session = await createSession(bytes, peers);
  const milliseconds = { tfjs: 0, onnxruntime: 0 };
  try {
    const rows: Row[] = [];
    const contract = { ...options, channelsFirst: isChannelsFirst(files.modelJson) };
    const runs = await answersOf(graph, reference, contract, seed, (elapsed, rest) => {
      milliseconds.tfjs += elapsed;
      if (rest && elapsed > SLOW)
        onSlow(`TF.js took ${(elapsed / 1000).toFixed(0)} s for one example; two more follow (--no-verify skips this)`);
    });
    for (const { feeds, expected, nearby } of runs) {
      const began = performance.now();
      const found = await run(session, graph.inputs, feeds, peers);
      milliseconds.onnxruntime += performance.now() - began;
      const compared = Array.from(expected, ([output, { answer, through = (found: Answer) => found }]): Row => {
        const comparison = compare(through(found.get(output)!), answer, tolerance);
        return { output, shape: answer.shape, ...comparison };
      });
      const doubtful = !strict && compared.some(({ verdict, maxRel }) => verdict === "differs" && maxRel < DOUBTFUL);
      rows.push(...(doubtful ? againstRounding(compared, expected, await nearby()) : compared));
    }
    return {
      verdict: rows.length > 0 && rows.every(({ verdict }) => verdict === "same") ? "same" : "differs",
      tolerance,
      seed,
      reference: `TF.js ${peers.core.version_core} (cpu)`,
      runtime: `onnxruntime ${peers.ort.env.versions.node ?? peers.ort.env.versions.common} (cpu)`,
      rows,
      milliseconds: { tfjs: Math.round(milliseconds.tfjs), onnxruntime: Math.round(milliseconds.onnxruntime) },
    };
  } finally {
    reference.dispose();
    await session.release();
  }
}

interface Run {
  readonly feeds: ReadonlyMap<string, Answer>;
  readonly expected: ReadonlyMap<string, Expectation>;
  /** What TF.js answers where each float of the input moves by a millionth of itself, up or down. */
  readonly nearby: () => Promise<ReadonlyMap<string, Expectation>>;
}

/** Differences above this are not what rounding leaves, whatever the model. */
const DOUBTFUL = 1e-2;

/** Every layer rounds, and not the input alone: by what factor answers may differ more than by a step of the input. */
const ROUNDINGS = 4;

/**
 * A deep model may magnify what rounding leaves in its first layers beyond any tolerance. Then TF.js's own answer moves
 * as much where the input hardly does, and no other implementation could come closer.
 */
function againstRounding(
  rows: readonly Row[],
  expected: ReadonlyMap<string, Expectation>,
  nearby: ReadonlyMap<string, Expectation>,
): readonly Row[] {
  return rows.map((row): Row => {
    if (row.verdict === "same") return row;
    const { maxRel: sensitivity } = compare(nearby.get(row.output)!.answer, expected.get(row.output)!.answer, 0);
    if (!(row.maxRel <= ROUNDINGS * sensitivity && row.maxRel < DOUBTFUL)) return { ...row, sensitivity };
    const note = `TF.js's own moves by ${sensitivity.toExponential(1)} where the input moves by 1e-6`;
    return { ...row, verdict: "same", sensitivity, note };
  });
}

/** What TF.js answers, in two runs: those of the first sizes that the model takes. */
async function answersOf(
  graph: Graph,
  reference: Reference,
  contract: Contract & { readonly channelsFirst: boolean },
  seed: number,
  onRun: (milliseconds: number, rest: number) => void,
): Promise<readonly Run[]> {
  const random = randomFrom(seed);
  const answer = async (sizes: Sizes, rest: number): Promise<Run> => {
    const feeds = new Map(graph.inputs.map((input) => [input.name, draw(graph, input, sizes, random)]));
    const given = [...feeds.values()].map((feed, i) =>
      asTfjs(feed, reference.inputs[i], contract, contract.channelsFirst),
    );
    const began = performance.now();
    const answers = await reference.run(given);
    onRun(performance.now() - began, rest);
    const names = graph.outputs.map(({ name }) => name);
    return {
      feeds,
      expected: expectationOf(names, answers, contract),
      nearby: async () => {
        const moved = given.map(({ shape, data }) => ({ shape, data: nudged(data, randomFrom(seed)) }));
        return expectationOf(names, await reference.run(moved), contract);
      },
    };
  };
  // Larger sizes where extents are open; batches of one where the model declares any, but has one in mind.
  const levels = isOpen(graph.inputs) ? LEVELS : 1;
  const attempts = [[1, 2] as const, [1, 1] as const].flatMap((batches) =>
    Array.from({ length: levels }, (_, level) => sizesOf(graph.inputs, level, batches)),
  );
  for (const [i, [first, second]] of attempts.entries()) {
    try {
      return [await answer(first, 1), await answer(second, 0)];
    } catch (error) {
      if (!(error instanceof ReferenceFailedError) || i === attempts.length - 1) throw error;
    }
  }
  throw new Error("bug: no sizes to try.");
}

/** Each float a millionth larger or smaller; integers stay. */
const nudged = (data: Elements, random: () => number): Elements =>
  data instanceof Float32Array ? data.map((value) => value * (random() < 0.5 ? 1 - 1e-6 : 1 + 1e-6)) : data;

async function createSession(bytes: Uint8Array, { ort }: Peers): Promise<InferenceSession> {
  const options = { logSeverityLevel: 3, intraOpNumThreads: availableParallelism() } as const;
  return ort.InferenceSession.create(bytes, options).catch((cause: unknown) => {
    throw new RuntimeFailedError("load", cause);
  });
}

async function run(
  session: InferenceSession,
  types: readonly ValueInfo[],
  feeds: ReadonlyMap<string, Answer>,
  { ort }: Peers,
): Promise<ReadonlyMap<string, Answer>> {
  const inputs = types.map(({ name, dtype }) => {
    const { data, shape } = feeds.get(name)!;
    const typed = dtype === "int64" ? BigInt64Array.from(data, BigInt) : data;
    return [name, new ort.Tensor(dtype as "float32", typed as Float32Array, [...shape])] as const;
  });
  const results = await session.run(Object.fromEntries(inputs)).catch((cause: unknown) => {
    throw new RuntimeFailedError("run", cause);
  });
  return new Map(Object.entries(results).map(([name, tensor]) => [name, answerOf(tensor)]));
}

/** Integers of 64 bits become those of 32 that TF.js has. */
function answerOf({ data, dims }: { readonly data: unknown; readonly dims: readonly number[] }): Answer {
  const elements = data instanceof BigInt64Array ? Int32Array.from(data, Number) : (data as Elements);
  return { shape: dims, data: elements };
}
