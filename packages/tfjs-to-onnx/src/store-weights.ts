import {
  float32,
  type Graph,
  type Model,
  type Node,
  PROTO_TYPE_OF,
  type Tensor,
  type ValueType,
  valuesRead,
} from "@glyphcast/onnx";
import { HALF_MAX, halfFromNumber } from "./half.ts";
import { type StoredWeight, storedOf, tells } from "./stored-weight.ts";

/**
 * How weights lie in the .onnx file: as `float32`; as `float16`, rounded; or `keep` as the TF.js file has them, so that
 * quantised weights stay as small as they were and nothing is rounded that was not.
 */
export type WeightStorage = "float32" | "float16" | "keep";

/** The nodes that undo it take some 200 bytes, which a smaller tensor does not save. */
const LEAST_SIZE = 256;

/** From this operator set on, DequantizeLinear takes integers of 16 bits. */
const DEQUANTISES_16_BITS = 21;

/**
 * What computes the same with a weight that comes out of a DequantizeLinear. MatMul and Gemm do not: onnxruntime (seen
 * in 1.30) fuses the two into one operator that rounds the other operand to 8 bits as well, 3e-3 of the scale off.
 */
const EXACT_READERS: ReadonlySet<string> = new Set(["Conv", "ConvTranspose"]);

/**
 * Stores weights in another way, and computes the float32 values from them in the graph: by Cast, by DequantizeLinear
 * where that is exact (an integer stands for zero, and only convolutions read the weight), else by Cast·Mul·Add.
 */
export function storeWeights(model: Model, storage: WeightStorage): Model {
  if (storage === "float32") return model;
  const { graph, opsets } = model;
  const store = new Store(graph, opsets[""] ?? 17);
  for (const [name, tensor] of graph.initializers) {
    const given = tensor.dtype === "float32" && tensor.data.length >= LEAST_SIZE ? storedOf(tensor) : undefined;
    const kept = given && tells(given, tensor) ? given : undefined;
    if (kept && (storage === "keep" || kept.dtype === "float16")) store.keep(name, tensor, kept);
    else if (storage === "float16") store.halve(name, tensor);
    else store.initializers.set(name, tensor);
  }
  return { ...model, graph: store.build() };
}

/** The graph while its weights are stored anew. */
class Store {
  readonly initializers = new Map<string, Tensor>();
  readonly #graph: Graph;
  readonly #opset: number;
  readonly #nodes: Node[] = [];
  readonly #values: Map<string, ValueType>;
  readonly #names: Set<string>;
  /** The operators that read each value. */
  readonly #readers = new Map<string, string[]>();

  constructor(graph: Graph, opset: number) {
    this.#graph = graph;
    this.#opset = opset;
    this.#values = new Map(graph.values);
    for (const node of graph.nodes)
      for (const name of valuesRead(node)) this.#readers.set(name, [...(this.#readers.get(name) ?? []), node.op]);
    this.#names = new Set([
      ...graph.initializers.keys(),
      ...[...graph.inputs, ...graph.outputs].map(({ name }) => name),
      ...graph.nodes.flatMap(({ name, outputs }) => [name, ...outputs]),
    ]);
  }

  /** The codes, and what turns them into the values. */
  keep(name: string, tensor: Tensor, stored: StoredWeight): void {
    const { dtype, data, scale, min, channels } = stored;
    const codes = this.#add(`${name}/${dtype}`, { dtype, shape: tensor.shape, data } as Tensor);
    this.#values.set(name, { dtype: "float32", shape: tensor.shape });
    const able = this.#readByConvolutions(name) && (dtype === "uint8" || this.#opset >= DEQUANTISES_16_BITS);
    const zero = able ? zeroPointOf(stored) : undefined;
    if (zero !== undefined) this.#dequantise(name, codes, stored, zero);
    else {
      const steps = [
        { op: "Mul", of: scale, neutral: 1 },
        { op: "Add", of: min, neutral: 0 },
      ].filter(({ of, neutral }) => of !== neutral || (channels && neutral === 1));
      const rank = tensor.shape.length;
      let at = this.#node("Cast", [codes], steps.length === 0 ? name : undefined, { to: PROTO_TYPE_OF.float32 });
      for (const [i, { op, of }] of steps.entries()) {
        const constant = this.#add(`${name}/${op === "Mul" ? "scale" : "min"}`, alongChannels(of, stored, rank));
        at = this.#node(op, [at, constant], i === steps.length - 1 ? name : undefined);
      }
    }
  }

  #readByConvolutions(name: string): boolean {
    return this.#readers.get(name)?.every((op) => EXACT_READERS.has(op)) ?? false;
  }

  #dequantise(name: string, codes: string, { dtype, scale, channels }: StoredWeight, zero: number): void {
    const factors = channels?.factors ?? Float64Array.of(1);
    const shape = channels ? [factors.length] : [];
    const zeros = dtype === "uint8" ? new Uint8Array(factors.length) : new Uint16Array(factors.length);
    const inputs = [
      codes,
      this.#add(
        `${name}/scale`,
        float32(
          shape,
          Array.from(factors, (factor) => factor * scale),
        ),
      ),
      this.#add(`${name}/zero_point`, { dtype, shape, data: zeros.fill(zero) } as Tensor),
    ];
    this.#node("DequantizeLinear", inputs, name, channels ? { axis: channels.axis } : {});
  }

  /** Rounded to half precision, where that holds every value. */
  halve(name: string, tensor: Tensor): void {
    const fits =
      tensor.dtype === "float32" &&
      tensor.data.length >= LEAST_SIZE &&
      tensor.data.every((value) => Math.abs(value) <= HALF_MAX);
    if (!fits) {
      this.initializers.set(name, tensor);
      return;
    }
    const data = new Uint16Array(tensor.data.length);
    for (let i = 0; i < data.length; i++) data[i] = halfFromNumber(tensor.data[i] as number);
    this.keep(name, tensor, { dtype: "float16", data, scale: 1, min: 0 });
  }

  #add(stem: string, tensor: Tensor): string {
    const name = this.#unique(stem);
    this.initializers.set(name, tensor);
    return name;
  }

  #node(
    op: string,
    inputs: readonly string[],
    output: string | undefined,
    attributes: Node["attributes"] = {},
  ): string {
    const name = this.#unique(`${inputs[0]!}/${op}`);
    const to = output ?? name;
    this.#nodes.push({ op, domain: "", name, inputs, outputs: [to], attributes });
    return to;
  }

  #unique(stem: string): string {
    let name = stem;
    for (let i = 1; this.#names.has(name); i++) name = `${stem}_${i}`;
    this.#names.add(name);
    return name;
  }

  build(): Graph {
    const nodes = [...this.#nodes, ...this.#graph.nodes];
    return { ...this.#graph, initializers: this.initializers, nodes, values: this.#values };
  }
}

/** The code that stands for zero, where one does so exactly: DequantizeLinear is (code − zero)·scale. */
function zeroPointOf({ dtype, scale, min }: StoredWeight): number | undefined {
  if (dtype === "float16" || scale === 0) return undefined;
  const most = dtype === "uint8" ? 255 : 65535;
  const zero = Math.round(-min / scale);
  const largest = Math.max(Math.abs(min), Math.abs(min + most * scale));
  const error = Math.abs(min + zero * scale);
  return zero >= 0 && zero <= most && error <= largest * 2 ** -24 ? zero : undefined;
}

/** A number times the channels' factors, in a shape that broadcasts along their axis. */
function alongChannels(value: number, { channels }: StoredWeight, rank: number): Tensor {
  if (!channels) return float32([], [value]);
  const shape = Array.from({ length: rank - channels.axis }, (_, i) => (i === 0 ? channels.factors.length : 1));
  return float32(
    shape,
    Array.from(channels.factors, (factor) => factor * value),
  );
}
