import { encodeModel, isFloat, type Model, OnnxError, printType, sizeOf, type ValueInfo } from "@glyphcast/onnx";
import { graphFromModel, type ModelOptions } from "./convert-model.ts";
import { ChecksumError, FileError, TfjsError } from "./errors.ts";
import { loadPlugins } from "./load-plugins.ts";
import { expectWritable, type ModelFiles, readModelFiles, writeWhole } from "./model-files.ts";
import { countOps, type PassEffect } from "./passes/simplify.ts";
import type { Paint, Progress } from "./terminal.ts";
import type { Peers } from "./verify/peers.ts";
import { reportOf } from "./verify/report.ts";
import type { Verification, VerifyOptions } from "./verify/verify.ts";

export interface FileRequest {
  /** `model.json`, the folder that holds it, or its URL. */
  readonly model: string;
  readonly output: string;
  readonly options: ModelOptions;
  /** What the SHA-256 of model.json and its shards, one after another, has to be. */
  readonly sha256?: string;
  /** Paths of modules with plug-ins. */
  readonly plugins?: readonly string[];
  /** How to compare the result with TF.js; false for not at all. */
  readonly verify: (Pick<VerifyOptions, "tolerance" | "strict" | "seed"> & { readonly debug: boolean }) | false;
  readonly progress?: Progress;
}

/** What `--json` prints. */
export interface Summary {
  /** Where the file is: under another name than asked for where it was rejected. */
  readonly output: string;
  readonly bytes: number;
  readonly source: { readonly model: string; readonly bytes: number; readonly sha256: string };
  readonly name: string;
  readonly opset: number;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** Numbers in the initializers. */
  readonly parameters: number;
  /** How many nodes there are of each operator; `opsBefore` any simplification. */
  readonly ops: Readonly<Record<string, number>>;
  readonly opsBefore: Readonly<Record<string, number>>;
  /** What each simplification did to the number of nodes of each operator. */
  readonly passes: readonly PassEffect[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly verification: Verification | null;
  readonly milliseconds: Readonly<Record<"read" | "convert" | "verify" | "write", number>>;
}

/**
 * Converts one file to another. What differs from TF.js, or cannot be compared with it, is kept as `*.rejected.onnx`.
 * @throws TfjsError; then no output is written, unless it was the comparison that failed
 */
export async function convertFile(request: FileRequest): Promise<Summary> {
  const { model: source, output, verify, progress } = request;
  const lap = stopwatch();
  await expectWritable(output);
  const plugins = await loadPlugins(request.plugins ?? []);
  const passes: PassEffect[] = [];
  // What is not installed is said before anything is read.
  const peers = verify && (await (await import("./verify/peers.ts")).loadPeers());
  progress?.doing(`reading ${source} …`);
  const files = await readModelFiles(source);
  const { sha256 = files.sha256 } = request;
  if (sha256 !== files.sha256) throw new ChecksumError(source, sha256, files.sha256);
  lap("read");
  const metadata = { source_sha256: files.sha256, ...request.options.metadata };
  const options = { ...request.options, metadata, plugins, onPass: (effect: PassEffect) => passes.push(effect) };
  const { model, softmaxAppended: softmax } = await graphFromModel(files.modelJson, files.weights, options);
  const bytes = encode(model, output);
  lap("convert");
  if (peers) progress?.doing("comparing with TF.js …");
  const verification = peers
    ? await compared({ ...request, options: { ...options, softmax } }, files, { model, bytes }, peers)
    : null;
  lap("verify");
  const path = verification?.verdict === "differs" ? rejectedName(output) : output;
  await writeWhole(path, bytes);
  return {
    output: path,
    bytes: bytes.length,
    source: { model: source, bytes: files.bytes, sha256: files.sha256 },
    ...summaryOf(model),
    opsBefore: passes[0]?.nodes ?? {},
    passes: passes.slice(1),
    verification,
    milliseconds: lap("write"),
  };
}

async function compared(
  { options, output, verify: how, progress }: FileRequest,
  files: ModelFiles,
  { model, bytes }: { readonly model: Model; readonly bytes: Uint8Array },
  peers: Peers,
): Promise<Verification> {
  const [{ verify }, { diagnose }] = await Promise.all([import("./verify/verify.ts"), import("./verify/debug.ts")]);
  if (!how) throw new Error("bug: a comparison that nobody asked for.");
  const asked = { ...options, ...how, ...(progress && { onSlow: progress.say }) };
  try {
    const verification = await verify(files, { bytes, graph: model.graph }, peers, asked);
    if (verification.verdict === "same" || !how.debug) return verification;
    progress?.say("looking for the first layer or op that differs");
    return { ...verification, diagnosis: await diagnose(files, options, peers, asked) };
  } catch (error) {
    if (error instanceof TfjsError) await writeWhole(rejectedName(output), bytes);
    throw error;
  }
}

/** `model.onnx` becomes `model.rejected.onnx`. */
export const rejectedName = (output: string): string => `${output.replace(/\.onnx$/i, "")}.rejected.onnx`;

type Stage = keyof Summary["milliseconds"];

/** Notes how long each stage took since the one before it. */
function stopwatch(): (stage: Stage) => Summary["milliseconds"] {
  const laps = { read: 0, convert: 0, verify: 0, write: 0 };
  let began = performance.now();
  return (stage) => {
    const now = performance.now();
    laps[stage] = Math.round(now - began);
    began = now;
    return laps;
  };
}

/** A protobuf file ends at 2 GiB. */
function encode(model: Model, output: string): Uint8Array {
  try {
    return encodeModel(model);
  } catch (cause) {
    throw cause instanceof OnnxError ? new FileError(output, "written", cause) : cause;
  }
}

function summaryOf({ graph, metadata, opsets }: Model) {
  const parameters = [...graph.initializers.values()]
    .filter(({ dtype }) => isFloat(dtype))
    .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const { name, inputs, outputs } = graph;
  return { name, opset: opsets[""]!, inputs, outputs, parameters, ops: countOps(graph), metadata };
}

/** The summary for a person. */
export function describe({ output, bytes, inputs, outputs, ops, verification }: Summary, paint: Paint): string {
  const width = Math.max(...[...inputs, ...outputs].map(({ name }) => name.length));
  const line = (kind: string, { name, ...type }: ValueInfo): string =>
    `  ${kind.padEnd(3)} ${name.padEnd(width)}  ${printType(type)}`;
  const counts = Object.entries(ops).map(([op, count]) => (count > 1 ? `${op} ×${count}` : op));
  const file = [
    `${output}  ${(bytes / 1000).toFixed(1)} kB`,
    ...inputs.map((value) => line("in", value)),
    ...outputs.map((value) => line("out", value)),
    `  ${counts.join(", ")}`,
  ];
  return `${file.join("\n")}\n${verification ? `\n${reportOf(verification, paint)}` : ""}`;
}
