import type { Tensor } from "@glyphcast/onnx";
import type { Feeds } from "../target/protocol.ts";

/** Whether every tensor of `a` is in `b`, bit for bit. */
export function sameBits(a: Feeds, b: Feeds): boolean {
  const bytesOf = ({ data }: Tensor): Uint8Array | undefined =>
    Array.isArray(data) ? undefined : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Object.entries(a).every(([name, tensor]) => {
    const other = b[name];
    if (!other || other.shape.join() !== tensor.shape.join()) return false;
    const [ours, theirs] = [bytesOf(tensor), bytesOf(other)];
    if (!ours || !theirs) return String(tensor.data) === String(other.data);
    return Buffer.compare(ours, theirs) === 0;
  });
}
