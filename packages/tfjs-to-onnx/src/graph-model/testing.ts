// What the tests of ops share: GraphModels built node by node, real TF.js to run them, and real onnxruntime.
import process from "node:process";
import "@tensorflow/tfjs-backend-cpu";
import { checkModel, encodeModel, type Model, sizeOf } from "@glyphcast/onnx";
import { loadGraphModelSync } from "@tensorflow/tfjs-converter";
import * as tfc from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { weightsFromBytes } from "../weights.ts";
import { type GraphModelOptions, graphFromGraphModel } from "./convert-graph.ts";

process.env.ORT_DISABLE_TELEMETRY = "1";
const ort = await import("onnxruntime-node");
tfc.env().set("PROD", true);

type Type = "bool" | "float32" | "int32";

const DT: Readonly<Record<Type, string>> = { bool: "DT_BOOL", float32: "DT_FLOAT", int32: "DT_INT32" };

export interface Values {
  readonly dtype: Type;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** A number written as a float even where it is whole. */
export const f = (value: number): { f: number } => ({ f: value });

type Attribute = string | number | boolean | readonly number[] | readonly string[] | object;

/** `attr` of a node: strings in base64, `DT_…` as types, everything else by its JavaScript type. */
const attributeOf = (value: Attribute): object => {
  if (typeof value === "boolean") return { b: value };
  if (typeof value === "number") return Number.isInteger(value) ? { i: `${value}` } : { f: value };
  if (typeof value === "string") return value.startsWith("DT_") ? { type: value } : { s: btoa(value) };
  if (!Array.isArray(value)) return value;
  return typeof value[0] === "string"
    ? { list: { s: value.map((text) => btoa(text)) } }
    : { list: { i: value.map((item) => `${item}`) } };
};

/** Numbers in [-1, 1) that depend on the seed alone. */
export function noise(seed: number, shape: readonly number[]): number[] {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return Array.from({ length: sizeOf(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround(state / 2 ** 31 - 1);
  });
}

interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  readonly attr: object;
}

/** A GraphModel while a test writes it. */
export class TestGraph {
  readonly nodes: NodeDef[] = [];
  readonly feeds: Map<string, Values> = new Map();
  readonly constants: Map<string, Values>;
  readonly functions: object[] = [];
  readonly #inputs: Record<string, object> = {};
  readonly #prefix: string;
  #seed = 0;

  /** `prefix` sets the names of a function's nodes apart; its `constants` are its model's. */
  constructor({ prefix = "", constants = new Map() }: { prefix?: string; constants?: Map<string, Values> } = {}) {
    this.#prefix = prefix;
    this.constants = constants;
  }

  /** A placeholder of the shape, fed noise, or `data`. Extents of `open` axes are not told. */
  input(
    shape: readonly number[],
    {
      dtype = "float32",
      data,
      open = [],
      name,
    }: { dtype?: Type; data?: readonly number[]; open?: readonly number[]; name?: string } = {},
  ): string {
    const node = name ?? `x${this.feeds.size || ""}`;
    const dim = shape.map((size, axis) => ({ size: `${open.includes(axis) ? -1 : size}` }));
    this.nodes.push({
      name: node,
      op: "Placeholder",
      input: [],
      attr: { dtype: { type: DT[dtype] }, shape: { shape: { dim } } },
    });
    this.#inputs[node] = { name: `${node}:0`, dtype: DT[dtype], tensorShape: { dim } };
    this.feeds.set(node, { dtype, shape, data: data ?? this.#draw(dtype, shape) });
    return node;
  }

  #draw(dtype: Type, shape: readonly number[]): number[] {
    const values = noise(++this.#seed, shape);
    if (dtype === "float32") return values;
    return values.map((value) => (dtype === "bool" ? Number(value > 0) : Math.floor(value * 10)));
  }

  /** A Const with noise, or `data`. */
  const(shape: readonly number[], data?: readonly number[], dtype: Type = "float32"): string {
    const name = `const${this.constants.size}`;
    this.nodes.push({ name, op: "Const", input: [], attr: { dtype: { type: DT[dtype] }, value: {} } });
    this.constants.set(name, { dtype, shape, data: data ?? this.#draw(dtype, shape) });
    return name;
  }

  ints(values: readonly number[]): string {
    return this.const([values.length], values, "int32");
  }

  /** [[before, after], …] for each axis. */
  pairs(values: readonly number[]): string {
    return this.const([values.length / 2, 2], values, "int32");
  }

  int(value: number): string {
    return this.const([], [value], "int32");
  }

  float(value: number): string {
    return this.const([], [value]);
  }

  op(
    op: string,
    input: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    name?: string,
  ): string {
    const node = name ?? `${this.#prefix}${op.toLowerCase().replace(/^_/, "")}${this.nodes.length}`;
    const attr = Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, attributeOf(value)]));
    this.nodes.push({ name: node, op, input, attr });
    return node;
  }

  /** What model.json holds, with `outputs` as the signature's. */
  json(outputs: readonly string[]): object {
    const named = outputs.map((name, i) => [`out${i}`, { name: name.includes(":") ? name : `${name}:0` }]);
    return {
      format: "graph-model",
      generatedBy: "test",
      modelTopology: {
        node: this.nodes,
        ...(this.functions.length > 0 && { library: { function: this.functions } }),
        versions: { producer: 27 },
      },
      signature: { inputs: this.#inputs, outputs: Object.fromEntries(named) },
    };
  }

  /** The weights as TF.js takes them. */
  weights(): { specs: { name: string; shape: number[]; dtype: Type }[]; data: ArrayBuffer } {
    const entries = [...this.constants];
    const specs = entries.map(([name, { shape, dtype }]) => ({ name, shape: [...shape], dtype }));
    const bytes = entries.map(([, { dtype, data }]) => bytesOf(dtype, data));
    const whole = new Uint8Array(bytes.reduce((size, part) => size + part.length, 0));
    let at = 0;
    for (const part of bytes) {
      whole.set(part, at);
      at += part.length;
    }
    return { specs, data: whole.buffer };
  }
}

function bytesOf(dtype: Type, data: readonly number[]): Uint8Array {
  if (dtype === "bool") return Uint8Array.from(data);
  const typed = dtype === "float32" ? Float32Array.from(data) : Int32Array.from(data);
  return new Uint8Array(typed.buffer);
}

const arrayOf = (dtype: string, data: readonly number[]) =>
  dtype === "bool" ? Uint8Array.from(data) : dtype === "int32" ? Int32Array.from(data) : Float32Array.from(data);

/** Ops whose results TF.js waits for. */
const ASYNCHRONOUS = /^(NonMaxSuppression|Where$|ListDiff|If$|While|Stateless|Switch|Merge|Enter|Tensor(Array|List))/;

/** What TF.js answers. */
export async function runTfjs(graph: TestGraph, outputs: readonly string[]): Promise<Values[]> {
  const { specs, data } = graph.weights();
  const artifacts = { ...graph.json(outputs), weightSpecs: specs, weightData: data };
  const model = loadGraphModelSync({ load: () => artifacts } as never) as unknown as {
    execute(inputs: tfc.NamedTensorMap, outputs: string[]): tfc.Tensor | tfc.Tensor[];
    executeAsync(inputs: tfc.NamedTensorMap, outputs: string[]): Promise<tfc.Tensor | tfc.Tensor[]>;
    dispose(): void;
  };
  const feeds = Object.fromEntries(
    [...graph.feeds].map(([name, { dtype, shape, data }]) => [
      name,
      tfc.tensor(arrayOf(dtype, data), [...shape], dtype),
    ]),
  );
  try {
    const waits = graph.nodes.some(({ op }) => ASYNCHRONOUS.test(op));
    const results = [await model[waits ? "executeAsync" : "execute"](feeds, [...outputs])].flat();
    return results.map((result) => {
      const values = Array.from(result.dataSync() as Float32Array);
      return { dtype: result.dtype as Type, shape: result.shape, data: values };
    });
  } finally {
    model.dispose();
    tfc.dispose(feeds);
  }
}

/** Runs a model on onnxruntime's CPU; returns its outputs in order. */
export async function runOnnx(model: Model, feeds: ReadonlyMap<string, Values>): Promise<Values[]> {
  const session = await ort.InferenceSession.create(encodeModel(model), { logSeverityLevel: 3, intraOpNumThreads: 1 });
  try {
    const named = model.graph.inputs.map(({ name }) => {
      const { dtype, shape, data } = feeds.get(name)!;
      return [name, new ort.Tensor(dtype, arrayOf(dtype, data) as never, shape)] as const;
    });
    const results = await session.run(Object.fromEntries(named));
    return model.graph.outputs.map(({ name }) => {
      const { type, data, dims } = results[name]!;
      return { dtype: type as Type, shape: dims, data: Array.from(data as Float32Array, Number) };
    });
  } finally {
    await session.release();
  }
}

/** Two answers agree when they differ by less than 1e-5 of their scale, which is what float32 sums leave. */
export function expectSame(received: Values, expected: Values, tolerance = 1e-5): void {
  expect({ dtype: received.dtype, shape: [...received.shape] }).toEqual({
    dtype: expected.dtype,
    shape: [...expected.shape],
  });
  const finite = expected.data.filter(Number.isFinite).map(Math.abs);
  const scale = expected.dtype === "float32" ? finite.reduce((a, b) => Math.max(a, b), 1e-3) : 0;
  const strange = (values: readonly number[]): readonly number[] => values.filter((value) => !Number.isFinite(value));
  expect(strange(received.data)).toEqual(strange(expected.data));
  const plain = (values: readonly number[]) =>
    Float64Array.from(values, (value) => (Number.isFinite(value) ? value : 0));
  expect(plain(received.data)).toBeAllClose(plain(expected.data), { rtol: 0, atol: tolerance * scale });
}

/** What a test builds: the names of the graph's outputs. */
export type Build = (graph: TestGraph) => string | readonly string[];

/** Converts a graph and compares every output with TF.js's. Returns the converted model, for what else is to be said of it. */
export async function expectConverts(
  build: Build,
  options: GraphModelOptions = {},
  tolerance?: number,
): Promise<Model> {
  const graph = new TestGraph();
  const outputs = [build(graph)].flat();
  const model = convert(graph, outputs, options);
  checkModel(model);
  const expected = await runTfjs(graph, outputs);
  const received = await runOnnx(model, graph.feeds);
  for (const [i, values] of received.entries()) expectSame(values, expected[i]!, tolerance);
  return model;
}

export function convert(graph: TestGraph, outputs: readonly string[], options: GraphModelOptions = {}): Model {
  const { specs, data } = graph.weights();
  return graphFromGraphModel(graph.json(outputs), weightsFromBytes(specs, data), options).model;
}

export const opsOf = ({ graph }: Model): string[] => graph.nodes.map(({ op }) => op);
