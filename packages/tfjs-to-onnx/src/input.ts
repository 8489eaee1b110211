import { type Dim, type GraphBuilder, PROTO_TYPE_OF } from "@glyphcast/onnx";
import { LayerError } from "./errors.ts";
import { channelsSecond, type Held, identity } from "./layout.ts";
import type { Lowering } from "./lowering.ts";
import { allLayers, type Layer, type Topology } from "./topology.ts";

export interface InputOptions {
  /** Take bytes called `pixels` and compute `pixels · scale + offset` first. */
  readonly uint8Input?: { readonly scale: number; readonly offset: number };
  /** How the graph wants its images. TF.js's own, `nhwc`, by default. */
  readonly inputLayout?: "nhwc" | "nchw";
}

/** Declares a graph input for each input of the model; returns them in the model's order. */
export function declareInputs(lowering: Lowering, model: Topology, options: InputOptions): readonly Held[] {
  const layers = model.inputs.map(({ layer }) => model.layers.get(layer)!);
  const only = layers.length === 1;
  if (options.uint8Input && !only)
    throw new LayerError(`Model "${model.name}"`, `uint8Input needs a model of one input; it has ${layers.length}.`);
  const channelsFirst = allLayers(model).some(({ config }) =>
    /^channels_?first$/i.test(`${config.raw("data_format")}`),
  );
  return layers.map((layer) => {
    const dims = dimsOf(layer, model, only ? "" : `${layer.name}_`, channelsFirst);
    const channelAxis = dims.length !== 4 ? undefined : channelsFirst ? 1 : 3;
    return options.uint8Input
      ? declarePixels(lowering.g, dims, channelAxis, options)
      : declareNumbers(lowering, layer, dims, channelAxis, options);
  });
}

/** Layers compute with floats; those that want integers find them in `lowering.integers`. */
function declareNumbers(
  { g, integers }: Lowering,
  { name, config }: Layer,
  dims: readonly Dim[],
  channelAxis: number | undefined,
  { inputLayout }: InputOptions,
): Held {
  const dtype = config.choice("dtype", ["float32", "int32"], "float32");
  const nchw = inputLayout === "nchw" && channelAxis !== undefined;
  const perm = nchw ? channelsSecond(dims.length, channelAxis) : identity(dims.length);
  g.input(
    name,
    dtype,
    perm.map((axis) => dims[axis]!),
  );
  if (dtype === "float32") return { name, perm };
  const float = g.op("Cast", [name], { to: PROTO_TYPE_OF.float32 }, { name: `${name}/Cast` });
  integers.set(float, name);
  return { name: float, perm };
}

/** Bytes become floats. An image of one channel comes without its channel axis: [batch, height, width]. */
function declarePixels(
  g: GraphBuilder,
  dims: readonly Dim[],
  channelAxis: number | undefined,
  { uint8Input, inputLayout }: InputOptions,
): Held {
  const { scale, offset } = uint8Input!;
  const single = channelAxis !== undefined && dims[channelAxis] === 1;
  const nchw = channelAxis !== undefined && (single || inputLayout === "nchw");
  const perm = nchw ? channelsSecond(dims.length, channelAxis) : identity(dims.length);
  const held = perm.map((axis) => dims[axis]!);
  const shape = single ? held.toSpliced(1, 1) : held;
  let x = g.input("pixels", "uint8", shape);
  if (single) {
    const fixed = held.slice(1).every((dim) => typeof dim === "number");
    x = fixed
      ? g.op("Reshape", [x, g.ints([0, ...(held.slice(1) as number[])])], {}, { name: "pixels/Reshape" })
      : g.op("Unsqueeze", [x, g.ints([1])], {}, { name: "pixels/Unsqueeze" });
  }
  x = g.op("Cast", [x], { to: PROTO_TYPE_OF.float32 }, { name: "pixels/Cast" });
  if (scale !== 1) x = g.op("Mul", [x, g.floats(scale)], {}, { name: "pixels/Mul" });
  if (offset !== 0) x = g.op("Add", [x, g.floats(offset)], {}, { name: "pixels/Add" });
  return { name: x, perm };
}

/** The extents that the InputLayer declares; unknown ones get names. */
function dimsOf(layer: Layer, model: Topology, prefix: string, channelsFirst: boolean): readonly Dim[] {
  const shape = shapeOf(layer, model);
  if (!shape)
    throw new LayerError(
      layer.config.layer,
      "It does not say its shape.\n  The first layer of a model needs batch_input_shape (inputShape in TF.js).",
    );
  return shape.map(
    (dim, axis) => dim ?? (axis === 0 ? "batch" : prefix + nameOfAxis(axis, shape.length, channelsFirst)),
  );
}

/** What an axis of an input or output is called whose extent is open. */
export function nameOfAxis(axis: number, rank: number, channelsFirst = false): string {
  const images = channelsFirst ? ["batch", "channels", "height", "width"] : ["batch", "height", "width", "channels"];
  return (rank === 4 && images[axis]) || `dim${axis}`;
}

function shapeOf(layer: Layer, model: Topology): readonly (number | null)[] | undefined {
  const { config } = layer;
  const whole = config.dims("batch_input_shape") ?? config.dims("batch_shape");
  if (whole) return whole;
  const inner = config.dims("input_shape");
  if (inner) return [null, ...inner];
  // A chain that begins with a model has that model's input.
  const first = [...model.layers.values()].find((other) => other.model && other.calls[0]?.[0]?.layer === layer.name);
  const [input] = first?.model?.inputs ?? [];
  return input && first?.model ? shapeOf(first.model.layers.get(input.layer)!, first.model) : undefined;
}
