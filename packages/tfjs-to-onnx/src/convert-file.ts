import { encodeModel, type Model, OnnxError, printType, sizeOf, type ValueInfo } from "@glyphcast/onnx";
import { type ConvertOptions, graphFromLayers } from "./convert.ts";
import { FileError } from "./errors.ts";
import { readModelFiles, writeWhole } from "./model-files.ts";

export interface FileRequest {
  /** `model.json`, or the folder that holds it. */
  readonly model: string;
  readonly output: string;
  readonly options: ConvertOptions;
}

/** What `--json` prints. */
export interface Summary {
  readonly output: string;
  readonly bytes: number;
  readonly name: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** Numbers in the initializers. */
  readonly parameters: number;
  readonly ops: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Converts one file to another. @throws TfjsError; then no output is written. */
export async function convertFile({ model: path, output, options }: FileRequest): Promise<Summary> {
  const { modelJson, weights } = await readModelFiles(path);
  const { model } = graphFromLayers(modelJson, weights, options);
  const bytes = encode(model, output);
  await writeWhole(output, bytes);
  return { output, bytes: bytes.length, ...summaryOf(model) };
}

/** A protobuf file ends at 2 GiB. */
function encode(model: Model, output: string): Uint8Array {
  try {
    return encodeModel(model);
  } catch (cause) {
    throw cause instanceof OnnxError ? new FileError(output, "written", cause) : cause;
  }
}

function summaryOf({ graph, metadata }: Model): Omit<Summary, "output" | "bytes"> {
  const ops: Record<string, number> = {};
  for (const { op } of graph.nodes) ops[op] = (ops[op] ?? 0) + 1;
  const parameters = [...graph.initializers.values()]
    .filter(({ dtype }) => dtype === "float32")
    .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const { name, inputs, outputs } = graph;
  return { name, inputs, outputs, parameters, ops, metadata };
}

/** The summary for a person. */
export function describe({ output, bytes, inputs, outputs, ops }: Summary): string {
  const width = Math.max(...[...inputs, ...outputs].map(({ name }) => name.length));
  const line = (kind: string, { name, ...type }: ValueInfo): string =>
    `  ${kind.padEnd(3)} ${name.padEnd(width)}  ${printType(type)}`;
  const counts = Object.entries(ops).map(([op, count]) => (count > 1 ? `${op} ×${count}` : op));
  return `${[
    `${output}  ${(bytes / 1000).toFixed(1)} kB`,
    ...inputs.map((value) => line("in", value)),
    ...outputs.map((value) => line("out", value)),
    `  ${counts.join(", ")}`,
  ].join("\n")}\n`;
}
