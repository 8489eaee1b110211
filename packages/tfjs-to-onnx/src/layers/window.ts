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
  if (totals.some((total) => total === undefined)) {
    // onnxruntime would pad by less than nothing where some extents leave elements over.
    if (reach.some((extent, axis) => extent < strides[axis]!))
      call.fail(
        `Windows of ${reach.join("×")} with strides ${strides.join("×")} and padding 'same' need known extents, found ${spatial.join("×")}.`,
      );
    return { ...common, auto_pad: "SAME_UPPER" };
  }
  const pads = [...totals.map((total) => Math.floor(total! / 2)), ...totals.map((total) => Math.ceil(total! / 2))];
  return pads.some((pad) => pad > 0) ? { ...common, pads } : common;
}

/** The padding of both sides together; undefined where it depends on an extent that is not known. */
function padding(size: Dim, stride: number, reach: number): number | undefined {
  if (stride === 1 || reach === 1) return reach - 1;
  return typeof size === "number" ? Math.max(0, shortage(size, stride, reach)) : undefined;
}

/** What 'same' windows lack of elements; less than none where they are smaller than their strides. */
const shortage = (size: number, stride: number, reach: number): number =>
  (Math.ceil(size / stride) - 1) * stride + reach - size;

/** The part of a volume that TF.js's 3-D windows see: where 'same' leaves elements over, they begin in their middle. */
export function seen(call: Call, image: Held, { kernel, strides, dilations = kernel.map(() => 1) }: Window): Held {
  const same = call.config.choice("padding", ["valid", "same", "causal"], "valid") === "same";
  const over = kernel.map((extent, axis) => {
    const [reach, stride] = [(extent - 1) * dilations[axis]! + 1, strides[axis]!];
    const size = call.g.dims(image.name)[axis + 2]!;
    if (!same || reach >= stride) return 0;
    return typeof size === "number"
      ? Math.max(0, -shortage(size, stride, reach))
      : call.fail("A window smaller than its stride needs to know the extents of its input, with padding 'same'.");
  });
  if (over.every((count) => count === 0)) return image;
  const axes = over.map((_, axis) => axis + 2);
  const starts = over.map((count) => Math.ceil(count / 2));
  const ends = over.map((count) => -Math.floor(count / 2) || Number.MAX_SAFE_INTEGER);
  const inputs = [starts, ends, axes].map((values) => call.g.ints(values));
  return { ...image, name: call.op("Slice", [image.name, ...inputs]) };
}
