import { type Attributes, type Window, windowOf } from "@glyphcast/onnx";
import type { Held } from "../layout.ts";
import type { OpCall } from "./op-rule.ts";

export interface Slide {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations?: readonly number[];
}

/** An attribute with a number for each axis of NHWC, reduced to the spatial axes. TF.js reads these places whatever `data_format` says. */
export function spatial(call: OpCall, key: string, rank: number, otherwise?: readonly number[]): readonly number[] {
  const values = call.attributes.integers(key, otherwise);
  if (values.length === rank + 2) {
    const inner = values.slice(1, -1);
    if (inner.every((value) => value > 0 && value < 2 ** 31)) return inner;
  }
  return call.fail(`${key} is [${values.join(", ")}], expected ${rank + 2} positive integers.`);
}

/**
 * `strides`, `dilations` and `pads` of a window sliding over a channels-second image, the op's `padding` resolved.
 * Numbers are written where the extents are known; SAME pads like ONNX's SAME_UPPER.
 */
export function sliding(
  call: OpCall,
  image: Held,
  slide: Slide,
  channelAxis: number = image.perm.length - 1,
): Attributes {
  const { strides, dilations = slide.kernel.map(() => 1) } = slide;
  const common = { strides, ...(dilations.some((dilation) => dilation > 1) && { dilations }) };
  const padding = call.attributes.text("padding", "valid");
  if (padding === "valid") return common;
  if (padding === "explicit") return padded(common, explicitPads(call, channelAxis));
  if (padding !== "same") return call.fail(`padding is "${padding}", expected SAME, VALID or EXPLICIT.`);
  const window = sameWindow(call, image, slide);
  return window ? padded(common, window.pads) : { ...common, auto_pad: "SAME_UPPER" };
}

/** The window with SAME's padding as numbers; undefined where it depends on an extent that is not known. */
export function sameWindow(call: OpCall, image: Held, { kernel, strides, dilations }: Slide): Window | undefined {
  const dims = call.g.dims(image.name).slice(2);
  if (dims.some((dim, axis) => typeof dim === "string" && strides[axis] !== 1)) return undefined;
  const attributes: Attributes = { auto_pad: "SAME_UPPER", strides, ...(dilations && { dilations }) };
  const attribute = (name: string, otherwise: unknown): never => (attributes[name] ?? otherwise) as never;
  return windowOf({ attribute, fail: (message) => call.fail(message) }, kernel, dims);
}

const padded = (common: Attributes, pads: readonly number[]): Attributes =>
  pads.some((amount) => amount > 0) ? { ...common, pads } : common;

function explicitPads(call: OpCall, channelAxis: number): readonly number[] {
  const given = call.attributes.integers("explicit_paddings", []);
  if (given.length !== 8 || given.some((amount) => amount < 0))
    return call.fail(`explicit_paddings is [${given.join(", ")}], expected two numbers for each of four axes.`);
  const axes = channelAxis === 1 ? [2, 3] : [1, 2];
  return [0, 1].flatMap((end) => axes.map((axis) => given[2 * axis + end]!));
}
