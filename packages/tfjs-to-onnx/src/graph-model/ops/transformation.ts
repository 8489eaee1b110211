import type { Dim } from "@glyphcast/onnx";
import { type Held, identity } from "../../layout.ts";
import { isNumber, type OpCall, type OpRule, type OpRules } from "../op-rule.ts";
import { reshape } from "../reshape.ts";

const Cast: OpRule = {
  becomes: "Cast",
  lower: (call) => call.cast(call.input(), call.attributes.dtype("DstT")),
};

const ExpandDims: OpRule = {
  becomes: "Unsqueeze",
  lower: (call) => {
    const x = call.input();
    const axis = call.axis(call.integer(1), x.perm.length + 1);
    return call.lowering.know(call.unsqueeze(x, axis), call.lowering.elements(x));
  },
};

const Squeeze: OpRule = {
  becomes: "Squeeze",
  lower: (call) => {
    const x = call.input();
    const dims = call.dims(x);
    const given = call.attributes.integers(call.attributes.has("axis") ? "axis" : "squeeze_dims", []);
    const open = dims.findIndex((dim) => !isNumber(dim));
    if (given.length === 0 && open >= 0)
      call.fail(`Axis ${open} of [${dims.join(", ")}] may turn out to be 1; fix its extent, or list the axes.`);
    const axes =
      given.length > 0
        ? given.map((axis) => call.axis(axis, dims.length))
        : dims.flatMap((dim, axis) => (dim === 1 ? [axis] : []));
    const wrong = axes.find((axis) => isNumber(dims[axis]) && dims[axis] !== 1);
    if (wrong !== undefined) call.fail(`Axis ${wrong} of [${dims.join(", ")}] is not 1 and cannot be dropped.`);
    return call.lowering.know(call.squeeze(x, axes), call.lowering.elements(x));
  },
};

const Reshape: OpRule = {
  becomes: "Reshape, Flatten or nothing",
  lower: (call) => {
    const x = call.input();
    const target = call.elements(1);
    if (target)
      return call.lowering.know(
        reshape(call, x, target, () => call.ints(1)),
        call.lowering.elements(x),
      );
    const rank = call.dims(call.input(1))[0];
    if (!isNumber(rank)) return call.fail("The length of its shape has to be known.");
    const shape = identity(rank).map((axis): Dim => `${call.node.name}_dim${axis}`);
    const type = { dtype: call.dtype(x), shape };
    return { name: call.op("Reshape", [call.plain(x).name, call.ints(1)], {}, type), perm: identity(rank) };
  },
};

type Pairs = readonly (readonly [number, number])[];

/** [[before, after], …], one pair for each of TF.js's axes. */
function pairsOf(call: OpCall, place: number, count: number): Pairs {
  const numbers = call.numbers(place);
  if (numbers.length !== 2 * count || numbers.some((amount) => !Number.isInteger(amount) || amount < 0))
    return call.fail(`Its amounts are [${numbers.join(", ")}], expected ${count} pairs of integers from 0.`);
  return identity(count).map((axis) => [numbers[2 * axis]!, numbers[2 * axis + 1]!] as const);
}

function pad(call: OpCall, given: Held, filling: readonly string[]): Held {
  const rank = given.perm.length;
  if (!call.known(1)) return padComputed(call, call.plain(given), filling);
  const pairs = pairsOf(call, 1, rank);
  if (pairs.every(([begin, end]) => begin === 0 && end === 0)) return given;
  const sides = pairs.every(([begin, end], axis) => axis === 1 || axis === 2 || (begin === 0 && end === 0));
  // A convolution mostly follows, and can take the padding in where both hold the image alike.
  const x = rank === 4 && sides ? call.channelsSecond(given, 3) : call.settled(given);
  const pads = [0, 1].flatMap((end) => x.perm.map((axis) => pairs[axis]![end]!));
  return call.map(x, "Pad", {}, call.g.ints(pads), ...filling);
}

/** By amounts that are computed: all that comes before the axes, then all that comes after. */
function padComputed(call: OpCall, x: Held, filling: readonly string[]): Held {
  const amounts = call.op("Transpose", [call.ints(1)], { perm: [1, 0] });
  const pads = call.op("Reshape", [amounts, call.g.ints([-1])]);
  const known = call.elements(1);
  const shape = call.dims(x).map((dim, axis): Dim => {
    const [begin, end] = [known?.[2 * axis], known?.[2 * axis + 1]];
    if (!isNumber(begin) || !isNumber(end)) return `${call.node.name}_dim${axis}`;
    if (isNumber(dim)) return dim + begin + end;
    return begin + end === 0 ? dim : `${call.node.name}_dim${axis}`;
  });
  return { ...x, name: call.op("Pad", [x.name, pads, ...filling], {}, { dtype: call.dtype(x), shape }) };
}

const Pad: OpRule = {
  becomes: "Pad, or the padding of the Conv or pool after it",
  lower: (call) => {
    const x = call.promoted([call.input()], "int32")[0]!;
    const value = call.attributes.number("constant_value", 0);
    return pad(call, x, value === 0 ? [] : [call.scalar(value, call.dtype(x))]);
  },
};

const PadV2: OpRule = {
  becomes: "Pad",
  lower: (call) => {
    const x = call.promoted([call.input()], "int32")[0]!;
    const value = call.known(2)?.[0];
    if (value === 0) return pad(call, x, []);
    const filling =
      value === undefined
        ? call.cast(call.plain(call.input(2)), call.dtype(x)).name
        : call.scalar(value, call.dtype(x));
    return pad(call, x, [filling]);
  },
};

/** A slice along one axis of a plain value. */
function part(call: OpCall, x: Held, axis: number, from: number, to: number, step = 1): string {
  return call.op("Slice", [x.name, ...[[from], [to], [axis], [step]].map((list) => call.g.ints(list))]);
}

const MirrorPad: OpRule = {
  becomes: "Pad; Slice, Concat where symmetric",
  lower: (call) => {
    const given = call.promoted([call.input()], "float32")[0]!;
    const pairs = pairsOf(call, 1, given.perm.length);
    const mode = call.attributes.text("mode", "reflect");
    const offset = mode === "symmetric" ? 0 : 1;
    for (const [axis, dim] of call.dims(given).entries())
      if (isNumber(dim) && pairs[axis]!.some((amount) => amount > dim - offset))
        call.fail(`Axis ${axis} of extent ${dim} is too short to be mirrored ${pairs[axis]!.join(" and ")} wide.`);
    if (mode === "reflect") {
      const x = call.settled(given);
      const pads = [0, 1].flatMap((end) => x.perm.map((axis) => pairs[axis]![end]!));
      return call.map(x, "Pad", { mode: "reflect" }, call.g.ints(pads));
    }
    if (mode !== "symmetric") return call.fail(`mode is "${mode}", expected REFLECT or SYMMETRIC.`);
    let x = call.plain(given);
    for (const [axis, [begin, end]] of pairs.entries()) {
      const before = begin > 0 ? [part(call, x, axis, begin - 1, -(2 ** 31), -1)] : [];
      const after = end > 0 ? [part(call, x, axis, -1, -1 - end, -1)] : [];
      const parts = [...before, x.name, ...after];
      if (parts.length > 1) x = { ...x, name: call.op("Concat", parts, { axis }) };
    }
    return x;
  },
};

/** The extents of blocks along the axes after the first. */
function blockOf(call: OpCall): readonly number[] {
  const block = call.integers(1);
  const axes = call.input().perm.length - 1;
  return block.length <= axes && block.every((size) => size >= 1)
    ? block
    : call.fail(`Its blocks are [${block.join(", ")}], expected at most ${axes} extents of 1 or more.`);
}

/** The blocks along the spatial axes become part of the batch. */
const SpaceToBatchND: OpRule = {
  becomes: "Pad, Reshape, Transpose, Reshape",
  notes: "the extents of the blocked axes known",
  lower: (call) => {
    const block = blockOf(call);
    const pairs = pairsOf(call, 2, block.length);
    const given = call.plain(call.input());
    const rank = given.perm.length;
    const wide = identity(rank).map((axis) => pairs[axis - 1] ?? ([0, 0] as const));
    const pads = [0, 1].flatMap((end) => wide.map((pair) => pair[end]!));
    const x = pads.some((amount) => amount > 0) ? call.map(given, "Pad", {}, call.g.ints(pads)) : given;
    const dims = call.dims(x);
    const inner = block.map((size, i) => {
      const extent = call.extent(x, i + 1);
      if (!(size > 0) || extent % size !== 0) call.fail(`Axis ${i + 1} of extent ${extent} has no blocks of ${size}.`);
      return extent / size;
    });
    const rest = dims.slice(block.length + 1);
    const split = [dims[0]!, ...inner.flatMap((extent, i) => [extent, block[i]!]), ...rest];
    const order = [
      ...block.map((_, i) => 2 * i + 2),
      0,
      ...block.map((_, i) => 2 * i + 1),
      ...rest.map((_, i) => 2 * block.length + 1 + i),
    ];
    const parted = reshape(call, x, split);
    const turned = call.op("Transpose", [parted.name], { perm: order });
    const batch = isNumber(dims[0]) ? dims[0] * block.reduce((product, size) => product * size, 1) : -1;
    const held = { name: turned, perm: identity(order.length) };
    return reshape(call, held, [batch, ...inner, ...rest]);
  },
};

const BatchToSpaceND: OpRule = {
  becomes: "Reshape, Transpose, Reshape, Slice",
  notes: "the extents of the blocked axes known",
  lower: (call) => {
    const block = blockOf(call);
    const crops = pairsOf(call, 2, block.length);
    const x = call.plain(call.input());
    const dims = call.dims(x);
    const size = block.reduce((product, extent) => product * extent, 1);
    const batch = isNumber(dims[0]) ? dims[0] / size : -1;
    if (!Number.isInteger(batch)) call.fail(`Its batch of ${dims[0]} is not made of blocks of ${size}.`);
    const inner = block.map((_, i) => call.extent(x, i + 1));
    const rest = dims.slice(block.length + 1);
    const parted = reshape(call, x, [...block, batch, ...inner, ...rest]);
    const m = block.length;
    const order = [m, ...block.flatMap((_, i) => [m + 1 + i, i]), ...rest.map((_, i) => 2 * m + 1 + i)];
    const turned = { name: call.op("Transpose", [parted.name], { perm: order }), perm: identity(order.length) };
    const whole = inner.map((extent, i) => extent * block[i]!);
    const joined = reshape(call, turned, [batch, ...whole, ...rest]);
    if (crops.every(([begin, end]) => begin === 0 && end === 0)) return joined;
    const lists = [
      crops.map(([begin]) => begin),
      crops.map(([, end], i) => whole[i]! - end),
      crops.map((_, i) => i + 1),
    ];
    return call.map(joined, "Slice", {}, ...lists.map((list) => call.g.ints(list)));
  },
};

const DepthToSpace: OpRule = {
  becomes: "DepthToSpace",
  lower: (call) => {
    const channelAxis = call.attributes.text("data_format", "nhwc") === "nchw" ? 1 : 3;
    const image = call.channelsSecond(call.input(0, 4), channelAxis);
    const blocksize = call.attributes.integer("block_size");
    if (blocksize < 1) call.fail(`block_size is ${blocksize}, expected 1 or more.`);
    return call.map(image, "DepthToSpace", { blocksize, mode: "DCR" });
  },
};

const BroadcastTo: OpRule = {
  becomes: "Expand",
  lower: (call) => {
    const x = call.plain(call.input());
    const target = call.elements(1);
    const rank = target?.length ?? call.dims(call.input(1))[0];
    if (!isNumber(rank)) return call.fail("The length of its shape has to be known.");
    if (target?.some((dim) => isNumber(dim) && dim < 1)) call.fail(`Its shape is [${target.join(", ")}].`);
    const shape = target ?? identity(rank).map((axis): Dim => `${call.node.name}_dim${axis}`);
    return {
      name: call.op("Expand", [x.name, call.ints(1)], {}, { dtype: call.dtype(x), shape }),
      perm: identity(rank),
    };
  },
};

/** The shape that two shapes broadcast to. */
const BroadcastArgs: OpRule = {
  becomes: "a constant, or Max",
  lower: (call) => {
    const shapes = [call.elements(0), call.elements(1)];
    const length = Math.max(...[0, 1].map((place) => Number(call.dims(call.input(place))[0])));
    if (!Number.isInteger(length)) return call.fail("The lengths of its shapes have to be known.");
    const [a, b] = shapes.map(
      (shape) => shape && [...Array.from({ length: length - shape.length }, () => 1), ...shape],
    );
    const merged = a?.map((dim, axis): Dim | undefined => {
      const other = b?.[axis];
      return dim === 1
        ? other
        : other === 1 || other === dim
          ? dim
          : isNumber(dim) && !isNumber(other)
            ? dim
            : undefined;
    });
    const wide = [0, 1].map((place) => {
      const x = call.plain(call.input(place));
      const missing = length - Number(call.dims(x)[0]);
      return missing === 0 ? x.name : call.op("Pad", [x.name, call.g.ints([missing, 0]), call.scalar(1, "int32")]);
    });
    const held: Held = { name: call.op("Max", wide), perm: [0] };
    const elements = merged?.every((dim): dim is Dim => dim !== undefined) ? merged : undefined;
    return call.lowering.know(held, elements as readonly Dim[] | undefined);
  },
};

export const TRANSFORMATION: OpRules = {
  BatchToSpaceND,
  BroadcastArgs,
  BroadcastTo,
  Cast,
  DepthToSpace,
  ExpandDims,
  MirrorPad,
  Pad,
  PadV2,
  Reshape,
  SpaceToBatchND,
  Squeeze,
};
