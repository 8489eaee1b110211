import type { Dim } from "@glyphcast/onnx";
import { type Held, identity } from "../../layout.ts";
import type { Cut } from "../graph-lowering.ts";
import { isNumber, type OpCall, type OpRule, type OpRules } from "../op-rule.ts";
import { reshape, vector } from "../reshape.ts";
import { pairsOf } from "./padding.ts";

/** The extents of blocks along the axes after the first. */
function blockOf(call: OpCall): readonly number[] {
  const block = call.integers(1);
  const axes = call.input().perm.length - 1;
  return block.length <= axes && block.every((size) => size >= 1)
    ? block
    : call.fail(`Its blocks are [${block.join(", ")}], expected at most ${axes} extents of 1 or more.`);
}

/** How much is added to or taken from each blocked axis, before and after it, as far as that is known. */
function amountsOf(call: OpCall, count: number): Cut["pads"] {
  const given = call.elements(2) ?? call.fail("Its amounts have to be known, or made of what is known.");
  if (given.length !== 2 * count || given.some((amount) => isNumber(amount) && amount < 0))
    return call.fail(`Its amounts are [${given.join(", ")}], expected ${count} pairs of integers from 0.`);
  return identity(count).map((i) => [given[2 * i]!, given[2 * i + 1]!] as const);
}

/** A plain value with the amounts added to its blocked axes. */
function padded(call: OpCall, x: Held, pads: Cut["pads"]): Held {
  const rank = x.perm.length;
  const flat = pads.flat();
  if (flat.every((amount) => amount === 0)) return x;
  if (flat.every(isNumber)) {
    const wide = identity(rank).map((axis) => pads[axis - 1] ?? [0, 0]);
    return call.map(x, "Pad", {}, call.g.ints([0, 1].flatMap((end) => wide.map((pair) => pair[end] as number))));
  }
  const pairs = call.op("Transpose", [call.ints(2)], { perm: [1, 0] });
  const wide = call.op("Pad", [pairs, call.g.ints([0, 1, 0, rank - 1 - pads.length])]);
  const shape = call.dims(x).map((dim, axis): Dim => (pads[axis - 1] ? `${call.node.name}_dim${axis}` : dim));
  const type = { dtype: call.dtype(x), shape };
  return { ...x, name: call.op("Pad", [x.name, call.op("Reshape", [wide, call.g.ints([-1])])], {}, type) };
}

/** The blocks along the spatial axes become part of the batch. */
const SpaceToBatchND: OpRule = {
  becomes: "Pad, Reshape, Transpose, Reshape",
  lower: (call) => {
    const block = blockOf(call);
    const pads = amountsOf(call, block.length);
    const x = padded(call, call.plain(call.input()), pads);
    const dims = call.dims(x);
    const extent = (axis: number): number | string => {
      const dim = dims[axis]!;
      return isNumber(dim) ? dim : call.extents(x.name, axis, axis + 1);
    };
    const inner = block.map((size, i): number | string => {
      const whole = extent(i + 1);
      if (!isNumber(whole)) return call.op("Div", [whole, call.g.ints([size])]);
      return whole % size === 0
        ? whole / size
        : call.fail(`Axis ${i + 1} of extent ${whole} has no blocks of ${size}.`);
    });
    const rest = identity(dims.length - block.length - 1).map((i) => extent(block.length + 1 + i));
    const named = (parts: readonly (number | string)[], stem: string): readonly Dim[] =>
      parts.map((part, i) => (isNumber(part) && part !== -1 ? part : `${call.node.name}_${stem}${i}`));
    const split = [extent(0), ...inner.flatMap((size, i) => [size, block[i]!]), ...rest];
    const order = [
      ...block.map((_, i) => 2 * i + 2),
      0,
      ...block.map((_, i) => 2 * i + 1),
      ...rest.map((_, i) => 2 * block.length + 1 + i),
    ];
    const dtype = call.dtype(x);
    const parted = call.op("Reshape", [x.name, vector(call, split)], {}, { dtype, shape: named(split, "part") });
    const turned = call.op("Transpose", [parted], { perm: order });
    const batch = isNumber(dims[0]) ? dims[0] * block.reduce((product, size) => product * size, 1) : -1;
    const joined = [batch, ...inner, ...rest];
    const type = { dtype, shape: named(joined, "dim") };
    const cut: Held = { name: call.op("Reshape", [turned, vector(call, joined)], {}, type), perm: x.perm };
    call.lowering.cuts.set(cut.name, { image: call.input(), block, pads });
    return cut;
  },
};

/** What is added less what is taken away; −1 where that is not known. */
const difference = (a: Dim, b: Dim): number => (a === b ? 0 : isNumber(a) && isNumber(b) ? a - b : -1);

/** Where the blocks are those of a convolution: a dilated one of the image that they were cut from. */
function dilatedInstead(call: OpCall, block: readonly number[]): Held | undefined {
  const cut = call.lowering.cutConvolutions.get(call.input().name);
  if (!cut || block.join() !== cut.block.join()) return undefined;
  const crops = amountsOf(call, block.length);
  const pads = [0, 1].flatMap((end) => cut.pads.map((pair, i) => difference(pair[end]!, crops[i]![end]!)));
  return pads.every((amount) => amount >= 0) ? cut.whole(pads) : undefined;
}

const BatchToSpaceND: OpRule = {
  becomes: "Reshape, Transpose, Reshape, Slice; after a convolution of blocks, that one dilated",
  notes: "the extents of the blocked axes known",
  lower: (call) => {
    const block = blockOf(call);
    const dilated = dilatedInstead(call, block);
    if (dilated) return dilated;
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

export const BLOCKS: OpRules = { BatchToSpaceND, DepthToSpace, SpaceToBatchND };
