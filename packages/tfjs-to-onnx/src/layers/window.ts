import type { Attributes, Dim } from "@glyphcast/onnx";
import type { Held } from "../layout.ts";
import type { Call } from "./rule.ts";

export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations?: readonly number[];
}

/**
 * `strides`, `dilations` and `pads` of a window sliding over a channels-second image, TF.js's `padding` resolved.
 *
 * TF.js pads 'same' like ONNX's SAME_UPPER; numbers are written where the extents are known, since not every runtime
 * knows `auto_pad`.
 */
export function slide(
  call: Call,
  image: Held,
  { kernel, strides, dilations = kernel.map(() => 1) }: Window,
): Attributes {
  const spatial = call.g.dims(image.name).slice(2);
  const common = { strides, ...(dilations.some((dilation) => dilation > 1) && { dilations }) };
  const reach = kernel.map((extent, axis) => (extent - 1) * dilations[axis]! + 1);
  if (call.config.choice("padding", ["valid", "same", "causal"], "valid") === "valid") {
    for (const [axis, size] of spatial.entries())
      if (typeof size === "number" && size < reach[axis]!)
        call.fail(`A window of ${reach.join("×")} does not fit into ${spatial.join("×")}; padding is 'valid'.`);
    return common;
  }
  if (call.config.raw("padding") === "causal") call.config.unsupported("padding", "TF.js does not support it either.");
  const totals = spatial.map((size, axis) => padding(size, strides[axis]!, reach[axis]!));
  if (totals.some((total) => total === undefined)) return { ...common, auto_pad: "SAME_UPPER" };
  const pads = [...totals.map((total) => Math.floor(total! / 2)), ...totals.map((total) => Math.ceil(total! / 2))];
  return pads.some((pad) => pad > 0) ? { ...common, pads } : common;
}

/** The padding of both sides together; undefined where it depends on an extent that is not known. */
function padding(size: Dim, stride: number, reach: number): number | undefined {
  if (stride === 1) return reach - 1;
  return typeof size === "number" ? Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size) : undefined;
}
