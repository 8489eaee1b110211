import { describeNode, encodeModel, type Model, scopeOf, sizeOf, type ValueInfo } from "@glyphcast/onnx";
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-common";
import type { OnnxRuntime } from "./train-session.ts";

/** Where a NaN or an infinity began. */
export interface NonFinite {
  readonly tensor: string;
  /** The node that made it of finite values; undefined where it came in from outside. */
  readonly node: string | undefined;
  /** The flat index of the first element that is a NaN or, where there is none, an infinity. */
  readonly element: number;
  readonly value: number;
}

/** What is fetched in one run: all values of a large step together would not fit. */
const FETCHED_BYTES = 2 ** 27;

/**
 * Runs a graph with every inner value as an output, and goes back from the first of `suspects` that is not finite to
 * where that began. An infinity that leads to nothing bad, such as the padding of a maximum, is none of it.
 */
export async function findNonFinite(
  ort: OnnxRuntime,
  model: Model,
  feeds: Readonly<Record<string, OrtTensor>>,
  suspects: readonly string[],
  options: InferenceSession.SessionOptions = {},
): Promise<NonFinite | undefined> {
  const bad = new Map<string, Pick<NonFinite, "element" | "value">>();
  const inspect = (name: string, data: unknown) => {
    if (!(data instanceof Float32Array)) return;
    const nan = data.findIndex(Number.isNaN);
    const element = nan < 0 ? data.findIndex((value) => !Number.isFinite(value)) : nan;
    if (element >= 0) bad.set(name, { element, value: data[element]! });
  };
  for (const [name, { data }] of [...model.graph.initializers, ...Object.entries(feeds)]) inspect(name, data);

  const inner = innerValues(model);
  const outputs = new Map([...model.graph.outputs, ...inner].map((value) => [value.name, value]));
  const exposed = { ...model, graph: { ...model.graph, outputs: [...outputs.values()] } };
  // Unoptimised, so that every node runs as it is written.
  const session = await ort.InferenceSession.create(encodeModel(exposed), {
    ...options,
    graphOptimizationLevel: "disabled",
  });
  for (const names of portions(inner)) {
    const results = await session.run(feeds, names);
    for (const name of names) inspect(name, results[name]!.data);
  }
  await session.release();

  const producers = new Map(model.graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  let tensor = suspects.find((name) => bad.has(name));
  while (tensor !== undefined) {
    const node = producers.get(tensor);
    const sources = node?.inputs.filter((input) => bad.has(input)) ?? [];
    const source = sources.find((input) => Number.isNaN(bad.get(input)!.value)) ?? sources[0];
    if (source === undefined) return { tensor, node: node && describeNode(node), ...bad.get(tensor)! };
    tensor = source;
  }
  return undefined;
}

/** Every float32 value that a node makes. */
function innerValues({ graph, opsets }: Model): readonly ValueInfo[] {
  const scope = scopeOf(graph, opsets[""] ?? 17);
  return graph.nodes.flatMap(({ outputs }) =>
    outputs.flatMap((name) => {
      const type = name ? scope.type(name) : undefined;
      return type?.dtype === "float32" ? [{ name, ...type }] : [];
    }),
  );
}

function portions(values: readonly ValueInfo[]): readonly string[][] {
  const parts: string[][] = [];
  let room = 0;
  for (const { name, shape = [] } of values) {
    const bytes = 4 * sizeOf(shape as readonly number[]);
    if (parts.length === 0 || bytes > room) {
      parts.push([]);
      room = FETCHED_BYTES;
    }
    parts.at(-1)!.push(name);
    room -= bytes;
  }
  return parts;
}
