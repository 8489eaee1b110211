import { type Held, identity } from "../../layout.ts";
import { isNumber, type OpCall, type OpRule, type OpRules } from "../op-rule.ts";
import { reshape } from "../reshape.ts";
import { type Pairs, pairsOf } from "./padding.ts";

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
    const cut = reshape(call, held, [batch, ...inner, ...rest]);
    call.lowering.cuts.set(cut.name, { image: call.input(), block, pads: pairs });
    return cut;
  },
};

/** Where the blocks are those of a convolution: a dilated one of the image that they were cut from. */
function dilatedInstead(call: OpCall, block: readonly number[], crops: Pairs): Held | undefined {
  const cut = call.lowering.cutConvolutions.get(call.input().name);
  if (!cut || block.join() !== cut.block.join()) return undefined;
  const pads = [0, 1].flatMap((end) => cut.pads.map((pair, i) => pair[end]! - crops[i]![end]!));
  return pads.every((amount) => amount >= 0) ? cut.whole(pads) : undefined;
}

const BatchToSpaceND: OpRule = {
  becomes: "Reshape, Transpose, Reshape, Slice; after a convolution of blocks, that one dilated",
  notes: "the extents of the blocked axes known",
  lower: (call) => {
    const block = blockOf(call);
    const crops = pairsOf(call, 2, block.length);
    const dilated = dilatedInstead(call, block, crops);
    if (dilated) return dilated;
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
