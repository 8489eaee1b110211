import type { Dim } from "@glyphcast/onnx";
import { type Held, identity } from "../../layout.ts";
import { numeric } from "../graph-lowering.ts";
import { isNumber, type OpCall, type OpRule, type OpRules } from "../op-rule.ts";
import { vector } from "../reshape.ts";

/** The extents that Resize is to make of a channels-second image. */
function sizes(call: OpCall, image: Held, place: number): { name: string; dims: readonly Dim[] } {
  const [batch, channels] = call.g.dims(image.name) as [Dim, Dim];
  const target = call.elements(place);
  const dims: readonly Dim[] = [
    batch,
    channels,
    ...(target ?? identity(2).map((i) => `${call.node.name}_dim${i + 1}`)),
  ];
  if (dims.every(isNumber)) return { name: call.g.ints(dims), dims };
  const front = call.extents(image.name, 0, 2);
  return { name: call.op("Concat", [front, call.ints(place)], { axis: 0 }), dims };
}

function resize(call: OpCall, mode: "linear" | "nearest"): Held {
  const image = call.channelsSecond(call.float(0), 3);
  call.input(0, 4);
  const { name, dims } = sizes(call, image, 1);
  if (dims.length !== 4) call.fail(`Its size is [${dims.slice(2).join(", ")}], expected height and width.`);
  const [corners, half] = [call.attributes.flag("align_corners"), call.attributes.flag("half_pixel_centers")];
  if (corners && half) call.fail("align_corners and half_pixel_centers exclude each other.");
  // TF.js takes floor((i + ½)·ratio) for half pixels, and rounds halves up where corners are aligned.
  const nearest = { nearest_mode: corners || half ? "round_prefer_ceil" : "floor" };
  const attributes = {
    coordinate_transformation_mode: corners ? "align_corners" : half ? "half_pixel" : "asymmetric",
    mode,
    ...(mode === "nearest" && nearest),
  };
  const type = { dtype: "float32", shape: dims } as const;
  return { name: call.op("Resize", [image.name, "", "", name], attributes, type), perm: image.perm };
}

const ResizeBilinear: OpRule = { becomes: "Resize", lower: (call) => resize(call, "linear") };

const ResizeNearestNeighbor: OpRule = {
  becomes: "Resize",
  lower: (call) => call.cast(resize(call, "nearest"), call.dtype(call.input())),
};

/** Where GridSample looks, from −1 at the first pixel's centre to 1 at the last's. */
function normalised(call: OpCall, pixels: string, extent: number): string {
  const scaled = call.op("Mul", [pixels, call.g.floats(2 / Math.max(1, extent - 1))]);
  return call.op("Sub", [scaled, call.g.floats(1)]);
}

/** For each box the places of its pixels along one axis: [boxes, size]. */
function places(call: OpCall, boxes: string, axis: 0 | 1, extent: number, size: number): string {
  const column = (i: number): string =>
    call.op("Slice", [boxes, ...[[i], [i + 1], [1]].map((list) => call.g.ints(list))]);
  const [from, to] = [column(axis), column(axis + 2)];
  if (size === 1) return call.op("Mul", [call.op("Add", [from, to]), call.g.floats((extent - 1) / 2)]);
  const steps = identity(size).map((i) => (i * (extent - 1)) / (size - 1));
  const ramp = call.initializer("ramp", numeric("float32", [1, size], steps));
  const start = call.op("Mul", [from, call.g.floats(extent - 1)]);
  return call.op("Add", [start, call.op("Mul", [call.op("Sub", [to, from]), ramp])]);
}

const CropAndResize: OpRule = {
  becomes: "Gather, GridSample, Where",
  notes: "height and width known; opset 16 and above",
  lower: (call) => {
    call.needs(16);
    const image = call.channelsSecond(call.float(0), 3);
    const [, channels, height, width] = call.g.dims(image.name) as [Dim, Dim, Dim, Dim];
    if (!isNumber(height) || !isNumber(width)) return call.fail("It needs to know its image's height and width.");
    const [rows = 0, columns = 0] = call.integers(3);
    if (rows < 1 || columns < 1 || rows * columns > 2 ** 24)
      return call.fail(`Its crop_size is [${call.integers(3).join(", ")}], expected height and width.`);
    const boxes = call.plain(call.float(1));
    const count = call.dims(boxes)[0]!;
    const nearest = call.attributes.text("method", "bilinear") === "nearest";
    const indices = call.cast(call.plain(call.input(2)), "int32").name;
    const images = call.op("Gather", [image.name, indices], { axis: 0 });
    const ys = places(call, boxes.name, 0, height, rows);
    const xs = places(call, boxes.name, 1, width, columns);
    // TF.js rounds halves up, GridSample to even; so the rounding is done before it.
    const round = (value: string): string =>
      nearest ? call.op("Floor", [call.op("Add", [value, call.g.floats(0.5)])]) : value;
    const spread = (value: string, axis: number, extent: number): string => {
      const one = call.op("Unsqueeze", [normalised(call, round(value), extent), call.g.ints([axis])]);
      const shape = [1, rows, columns];
      const full = call.op(
        "Expand",
        [one, call.g.ints(shape)],
        {},
        { dtype: "float32", shape: [count, rows, columns] },
      );
      return call.op("Unsqueeze", [full, call.g.ints([3])]);
    };
    const grid = call.op("Concat", [spread(xs, 1, width), spread(ys, 2, height)], { axis: 3 });
    const type = { dtype: "float32", shape: [count, channels, rows, columns] } as const;
    const linear = call.g.opset >= 20 ? "linear" : "bilinear";
    const attributes = { align_corners: 1, mode: nearest ? "nearest" : linear, padding_mode: "border" };
    const sampled = call.op("GridSample", [images, grid], attributes, type);
    const inside = (value: string, extent: number, axes: readonly number[]): string => {
      const low = call.op("GreaterOrEqual", [value, call.g.floats(0)]);
      const high = call.op("LessOrEqual", [value, call.g.floats(extent - 1)]);
      return call.op("Unsqueeze", [call.op("And", [low, high]), call.g.ints(axes)]);
    };
    const valid = call.op("And", [inside(ys, height, [1, 3]), inside(xs, width, [1, 2])]);
    const outside = call.g.floats(call.attributes.number("extrapolation_value", 0));
    return { name: call.op("Where", [valid, sampled, outside]), perm: image.perm };
  },
};

/**
 * Takes each pixel from where a projective transformation of its place points to:
 * x' = (a·x + b·y + c)/k, y' = (d·x + e·y + f)/k, k = g·x + h·y + 1.
 */
const ImageProjectiveTransformV3: OpRule = {
  becomes: "Mul, Add, Div, GridSample",
  notes:
    "fill_mode CONSTANT and NEAREST, of images of known extents; opset 16 and above. TF.js's cpu backend transforms the first image only",
  lower: (call) => {
    call.needs(16);
    const image = call.channelsSecond(call.float(0), 3);
    const [batch, channels, height, width] = call.g.dims(image.name) as [Dim, Dim, Dim, Dim];
    if (!isNumber(height) || !isNumber(width) || height < 2 || width < 2)
      return call.fail("It needs to know its image's height and width, both 2 or more.");
    const [rows = 0, columns = 0] = call.integers(2);
    if (rows < 1 || columns < 1 || rows * columns > 2 ** 24)
      return call.fail(`Its output_shape is [${call.integers(2).join(", ")}], expected height and width.`);
    const mode = call.attributes.text("fill_mode", "constant");
    if (mode !== "constant" && mode !== "nearest")
      return call.fail(`fill_mode is ${mode.toUpperCase()}; only CONSTANT and NEAREST can be converted.`);
    const nearest = call.attributes.text("interpolation", "bilinear") === "nearest";
    const axisOf = (key: string, shape: number[]): string =>
      call.initializer(key, numeric("float32", shape, identity(Math.max(...shape))));
    const [xs, ys] = [axisOf("x", [1, 1, columns]), axisOf("y", [1, rows, 1])];
    const transforms = call.plain(call.float(1)).name;
    const entry = (i: number): string => {
      const column = call.op("Slice", [transforms, ...[[i], [i + 1], [1]].map((list) => call.g.ints(list))]);
      return call.op("Unsqueeze", [column, call.g.ints([2])]);
    };
    const plane = (x: number, y: number, rest: string): string => {
      const sum = call.op("Add", [call.op("Mul", [entry(x), xs]), call.op("Mul", [entry(y), ys])]);
      return call.op("Add", [sum, rest]);
    };
    const depth = plane(6, 7, call.g.floats(1));
    const place = (from: number, extent: number): string => {
      const exact = call.op("Div", [plane(from, from + 1, entry(from + 2)), depth]);
      const half = nearest ? call.op("Floor", [call.op("Add", [exact, call.g.floats(0.5)])]) : exact;
      const shape = [batch, rows, columns] as const;
      const scaled = normalised(call, half, extent);
      const size = vector(call, [isNumber(batch) ? batch : call.extents(image.name, 0, 1), rows, columns]);
      const full = call.op("Expand", [scaled, size], {}, { dtype: "float32", shape });
      return call.op("Unsqueeze", [full, call.g.ints([3])]);
    };
    const grid = call.op("Concat", [place(0, width), place(3, height)], { axis: 3 });
    const value = call.inputs.length > 3 ? call.number(3) : 0;
    const linear = call.g.opset >= 20 ? "linear" : "bilinear";
    const padding_mode = mode === "constant" ? "zeros" : "border";
    const attributes = { align_corners: 1, mode: nearest ? "nearest" : linear, padding_mode };
    // Outside there are zeros; the value that fills is made one.
    const filled = mode === "constant" && value !== 0;
    const from = filled ? call.op("Sub", [image.name, call.g.floats(value)]) : image.name;
    const type = { dtype: "float32", shape: [batch, channels, rows, columns] } as const;
    const sampled = call.op("GridSample", [from, grid], attributes, type);
    return { name: filled ? call.op("Add", [sampled, call.g.floats(value)]) : sampled, perm: image.perm };
  },
};

export const IMAGE: OpRules = { CropAndResize, ImageProjectiveTransformV3, ResizeBilinear, ResizeNearestNeighbor };
