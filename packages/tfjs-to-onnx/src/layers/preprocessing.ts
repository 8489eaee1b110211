import { int64, PROTO_TYPE_OF } from "@glyphcast/onnx";
import { type Held, identity } from "../layout.ts";
import type { Call, LayerRule } from "./rule.ts";

interface Interpolation {
  readonly mode: "bilinear" | "nearest";
  readonly alignCorners: boolean;
}

/** An NHWC image resized as TF.js does it, whose pixels have their coordinates at a corner, not in the middle. */
function resize(call: Call, x: Held, [height, width]: readonly [number, number], how: Interpolation): Held {
  const image = call.channelsSecond(x, 3);
  const sizes = call.extentsVector([{ of: image.name, axis: 0 }, { of: image.name, axis: 1 }, height, width]);
  const attributes = {
    mode: how.mode === "bilinear" ? "linear" : "nearest",
    coordinate_transformation_mode: how.alignCorners ? "align_corners" : "asymmetric",
    ...(how.mode === "nearest" && { nearest_mode: how.alignCorners ? "round_prefer_ceil" : "floor" }),
  };
  const [batch, channels] = call.g.dims(image.name);
  const name = call.op("Resize", [image.name, "", "", sizes], attributes, [batch!, channels!, height, width]);
  return { name, perm: image.perm };
}

const MODES = ["bilinear", "nearest"] as const;

const Resizing: LayerRule = {
  becomes: "Resize",
  lower: (call) => {
    const { config } = call;
    const size = [config.count("height"), config.count("width")] as const;
    const mode = config.choice("interpolation", MODES, "bilinear");
    return resize(call, call.input(4), size, { mode, alignCorners: !config.flag("crop_to_aspect_ratio", false) });
  },
};

const RandomWidth: LayerRule = {
  becomes: "not supported",
  notes: "TF.js draws the width anew at every call, also when predicting",
  lower: (call) => call.fail("TF.js draws the width at every call; leave the layer out of the model that is to serve."),
};

const CenterCrop: LayerRule = {
  becomes: "Gather, or Resize of images that are smaller",
  lower: (call) => {
    const x = call.input(4);
    const size = [call.config.count("height"), call.config.count("width")] as const;
    const [rows, columns] = [call.extent(x, 1), call.extent(x, 2)];
    const top = Math.floor((rows - size[0]) / 2);
    // TF.js leaves a column out on the left where it could not be shared evenly.
    const left = columns === size[1] ? 0 : Math.floor((columns - size[1]) / 2) || 1;
    if (top < 0 || left < 0) return resize(call, x, size, { mode: "bilinear", alignCorners: false });
    const high = pick(call, x, 1, sampled(call, rows, top, size[0]));
    return pick(call, high, 2, sampled(call, columns, left, size[1]));
  },
};

/**
 * Where TF.js's cropAndResize takes `count` of `extent` pixels from, beginning at `start`: the corners of its box, held
 * as float32, are fractions of the extent, but it multiplies them with one less than that.
 */
function sampled(call: Call, extent: number, start: number, count: number): readonly number[] {
  const [from, to] = [Math.fround(start / extent), Math.fround((count + start) / extent)];
  const scale = count > 1 ? ((to - from) * (extent - 1)) / (count - 1) : 0;
  return Array.from({ length: call.sizeOf([count]) }, (_, i) =>
    count > 1 ? from * (extent - 1) + i * scale : 0.5 * (from + to) * (extent - 1),
  );
}

function pick(call: Call, x: Held, axis: number, places: readonly number[]): Held {
  const extent = call.extent(x, axis);
  if (places.length === extent) return x;
  // Rounding may put the last place a hair outside, where TF.js finds a zero.
  const inside = places.filter((place) => place <= extent - 1).map(Math.round);
  const held = x.perm.indexOf(axis);
  const indices = call.constant("places", int64([inside.length], inside));
  const name = call.op("Gather", [x.name, indices], { axis: held });
  const missing = places.length - inside.length;
  if (missing === 0) return { ...x, name };
  const pads = [...x.perm.map(() => 0), ...x.perm.map((_, i) => (i === held ? missing : 0))];
  return { ...x, name: call.op("Pad", [name, call.g.ints(pads)]) };
}

const CategoryEncoding: LayerRule = {
  becomes: "OneHot, ReduceMax or ReduceSum",
  notes: "tf_idf is not supported: TF.js cannot save its weights",
  lower: (call) => {
    const { config } = call;
    const mode = config.choice("output_mode", ["multi_hot", "one_hot", "count", "int", "tf_idf"], "multi_hot");
    if (mode === "tf_idf") config.unsupported("output_mode", "TF.js cannot save the weights that it needs.");
    const x = call.plain(call.input());
    const integers = call.op("Cast", [call.integers(x)], { to: PROTO_TYPE_OF.int64 });
    if (mode === "int") return { ...x, name: call.op("Cast", [integers], { to: PROTO_TYPE_OF.float32 }) };
    if (x.perm.length !== 2) call.fail(`Its input has rank ${x.perm.length}, expected 2, as in TF.js.`);
    if (mode === "one_hot" && call.extent(x, 1) !== 1)
      call.fail("one_hot needs an input of one category each: [batch, 1].");
    const hot = call.op("OneHot", [integers, call.g.ints(config.count("num_tokens")), call.g.floats([0, 1])]);
    const name = call.reduce(mode === "count" ? "ReduceSum" : "ReduceMax", hot, [1]);
    return { name, perm: identity(2) };
  },
};

export const PREPROCESSINGS: Readonly<Record<string, LayerRule>> = {
  CategoryEncoding,
  CenterCrop,
  RandomWidth,
  Resizing,
};
