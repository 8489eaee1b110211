import type { Held } from "../layout.ts";
import type { Call, LayerRule } from "./rule.ts";

const ZeroPadding2D: LayerRule = {
  becomes: "Pad, or the padding of the Conv or pool after it",
  lower: (call) => {
    // A convolution mostly follows, and can take the padding in where both hold the image alike.
    const x = call.channelsSecond(call.input(4), call.config.channelAxis(4));
    const sides = sidesOf(call, "padding", 1);
    const pads = [0, 1].flatMap((end) => x.perm.map((axis) => spatialSide(call, sides, axis, end)));
    return { name: call.op("Pad", [x.name, call.g.ints(pads)]), perm: x.perm };
  },
};

const ZeroPadding1D: LayerRule = {
  becomes: "Pad, or the padding of the Conv or pool after it",
  notes: "of Keras",
  lower: (call) => {
    const x = call.channelsSecond(call.input(3), 2);
    const [start, end] = sideOf(call.config.raw("padding") ?? 1);
    if (!isAmount(start) || !isAmount(end)) call.fail("padding is not a number or [start, end].");
    return { name: call.op("Pad", [x.name, call.g.ints([0, 0, start, 0, 0, end] as number[])]), perm: x.perm };
  },
};

const TO_THE_END = Number.MAX_SAFE_INTEGER;

const Cropping2D: LayerRule = {
  becomes: "Slice",
  lower: (call) => {
    const x = call.input(4);
    const sides = sidesOf(call, "cropping", 0);
    const held = x.perm.flatMap((axis, i) => (spatialOf(call, axis) === undefined ? [] : [{ axis, i }]));
    const starts = held.map(({ axis }) => spatialSide(call, sides, axis, 0));
    const ends = held.map(({ axis }) => -spatialSide(call, sides, axis, 1) || TO_THE_END);
    const inputs = [starts, ends, held.map(({ i }) => i)].map((values) => call.g.ints(values));
    return { name: call.op("Slice", [x.name, ...inputs]), perm: x.perm };
  },
};

const UpSampling2D: LayerRule = {
  becomes: "Resize",
  lower: (call) => {
    const given = call.batchFirst(call.input(4));
    const channelAxis = call.config.channelAxis(4);
    const size = call.config.counts("size", 2, 2);
    const bilinear = call.config.choice("interpolation", ["nearest", "bilinear"], "nearest") === "bilinear";
    // onnxruntime interpolates along two axes side by side, not last where the channels are.
    const x = bilinear && given.perm[3] !== channelAxis ? call.channelsSecond(given, channelAxis) : given;
    const scales = x.perm.map((axis) => size[spatialOf(call, axis) ?? -1] ?? 1);
    const mode = bilinear ? { mode: "linear" } : { mode: "nearest", nearest_mode: "floor" };
    const attributes = { coordinate_transformation_mode: "asymmetric", ...mode };
    const resize = (image: string, by: readonly number[]): string =>
      call.op("Resize", [image, "", call.g.floats(by)], attributes);
    const dims = call.g.dims(x.name).slice(1);
    if (!bilinear || !areApart(call, given) || !dims.every((dim) => typeof dim === "number"))
      return { name: resize(x.name, scales), perm: x.perm };
    // Else it would take the Transpose away that brings them together.
    const planes = call.op("Reshape", [x.name, call.g.ints([-1, ...dims.slice(1)])]);
    const larger = dims.map((dim, i) => dim * scales[i + 1]!);
    const name = call.op("Reshape", [resize(planes, [1, ...scales.slice(2)]), call.g.ints([-1, ...larger])]);
    return { name, perm: x.perm };
  },
};

/** Whether something is held between an image's rows and columns. */
function areApart(call: Call, { perm }: Held): boolean {
  const [rows, columns] = [0, 1].map((side) => perm.findIndex((axis) => spatialOf(call, axis) === side));
  return Math.abs(rows! - columns!) !== 1;
}

/** 0 for an image's height, 1 for its width, undefined for its other axes. */
function spatialOf(call: Call, axis: number): number | undefined {
  const index = axis - (call.config.channelAxis(4) === 1 ? 2 : 1);
  return index === 0 || index === 1 ? index : undefined;
}

const spatialSide = (call: Call, sides: readonly (readonly number[])[], axis: number, end: number): number =>
  sides[spatialOf(call, axis) ?? -1]?.[end] ?? 0;

/** `n`, `[height, width]` or `[[top, bottom], [left, right]]`, as the last of them. */
function sidesOf(call: Call, key: string, otherwise: number): readonly (readonly number[])[] {
  const given = call.config.raw(key) ?? otherwise;
  const pair = Array.isArray(given) ? given : [given, given];
  const sides = pair.map(sideOf);
  const valid = (side: readonly unknown[]): boolean => side.length === 2 && side.every(isAmount);
  if (sides.length !== 2 || !sides.every(valid))
    return call.fail(`${key} is ${JSON.stringify(given)}, expected [[top, bottom], [left, right]].`);
  return sides as readonly (readonly number[])[];
}

/** Both ends of an axis; one number stands for both. */
const sideOf = (side: unknown): readonly unknown[] => (Array.isArray(side) ? side : [side, side]);

const isAmount = (amount: unknown): boolean => Number.isSafeInteger(amount) && (amount as number) >= 0;

export const SPATIAL: Readonly<Record<string, LayerRule>> = {
  Cropping2D,
  UpSampling2D,
  ZeroPadding1D,
  ZeroPadding2D,
};
