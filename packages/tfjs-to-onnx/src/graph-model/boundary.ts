import { type Dim, PROTO_TYPE_OF } from "@glyphcast/onnx";
import { NotAModelError } from "../errors.ts";
import type { InputOptions } from "../input.ts";
import { channelsSecond, type Held, identity } from "../layout.ts";
import { declareOutputs, type OutputOptions } from "../output.ts";
import { dtypeOf, shapeOf } from "./attributes.ts";
import { OpError } from "./errors.ts";
import type { GraphDef, Port } from "./graph-def.ts";
import type { GraphLowering } from "./graph-lowering.ts";

const IMAGE = ["batch", "height", "width", "channels"];

/** Declares a graph input for each input of the signature; returns them in its order. */
export function declareGraphInputs(lowering: GraphLowering, graph: GraphDef, options: InputOptions): readonly Held[] {
  const { g } = lowering;
  const only = graph.inputs.length === 1;
  if (options.uint8Input && !only)
    throw new NotAModelError(`uint8Input needs a model of one input; it has ${graph.inputs.length}.`);
  return graph.inputs.map((port) => {
    const dims = dimsOf(graph, port, only);
    if (options.uint8Input) return declarePixels(lowering, dims, options);
    const dtype = dtypeOf(port.dtype) ?? graph.nodes.get(port.from.node)?.attributes.dtype("dtype") ?? "float32";
    const nchw = options.inputLayout === "nchw" && dims.length === 4;
    const perm = nchw ? channelsSecond(4, 3) : identity(dims.length);
    return {
      name: g.input(
        port.name,
        dtype,
        perm.map((axis) => dims[axis]!),
      ),
      perm,
    };
  });
}

/** The outputs' names, kept from every inner value. One that an input has already gets a number. */
export const reserveOutputNames = (
  { g }: GraphLowering,
  { outputs }: GraphDef,
  { classifier }: OutputOptions,
): readonly string[] =>
  (classifier ? ["logits", "probabilities", "confidence"] : outputs.map(({ name }) => name)).map((name) =>
    g.unique(name),
  );

/** The extents that the signature or the placeholder declares; unknown ones get names. */
function dimsOf({ nodes }: GraphDef, { name, from, shape }: Port, only: boolean): readonly Dim[] {
  const dims = shapeOf(shape) ?? nodes.get(from.node)?.attributes.shape("shape");
  if (!dims)
    throw new OpError(`Input "${name}"`, "Not even its rank is known.\n  Give its shape: --shape NAME=1,224,224,3.");
  const prefix = only ? "" : `${name}_`;
  return dims.map((dim, axis) => {
    if (dim !== null) return dim;
    if (axis === 0) return "batch";
    return `${prefix}${dims.length === 4 ? IMAGE[axis] : `dim${axis}`}`;
  });
}

/** Bytes become floats. An image of one channel comes without its channel axis: [batch, height, width]. */
function declarePixels({ g }: GraphLowering, dims: readonly Dim[], { uint8Input, inputLayout }: InputOptions): Held {
  const { scale, offset } = uint8Input!;
  const single = dims.length === 4 && dims[3] === 1;
  const nchw = dims.length === 4 && (single || inputLayout === "nchw");
  const perm = nchw ? channelsSecond(4, 3) : identity(dims.length);
  const held = perm.map((axis) => dims[axis]!);
  let x = g.input("pixels", "uint8", single ? held.toSpliced(1, 1) : held);
  if (single) x = g.op("Unsqueeze", [x, g.ints([1])], {}, { name: "pixels/Unsqueeze" });
  x = g.op("Cast", [x], { to: PROTO_TYPE_OF.float32 }, { name: "pixels/Cast" });
  if (scale !== 1) x = g.op("Mul", [x, g.floats(scale)], {}, { name: "pixels/Mul" });
  if (offset !== 0) x = g.op("Add", [x, g.floats(offset)], {}, { name: "pixels/Add" });
  return { name: x, perm };
}

/** Declares the graph's outputs under the names that were kept for them. */
export function declareGraphOutputs(
  lowering: GraphLowering,
  names: readonly string[],
  outputs: readonly Held[],
  options: OutputOptions,
): void {
  const complex = names[outputs.findIndex(({ name }) => lowering.complex.has(name))];
  if (complex !== undefined)
    throw new OpError(`Output "${complex}"`, "It is complex; output its parts by Real and Imag.");
  if (options.classifier) {
    const ends = names.slice(0, outputs.length).map((layer) => ({ layer, call: 0, tensor: 0 }));
    declareOutputs(lowering, { name: lowering.g.name, layers: new Map(), inputs: [], outputs: ends }, outputs, options);
  } else for (const [i, name] of names.entries()) lowering.g.output(lowering.plain(outputs[i]!, name).name, name);
}
