import { InputError } from "../errors.ts";
import type { Feeds, Port } from "../target/protocol.ts";

/**
 * @throws InputError where an input is missing, unknown, or of another type, rank or extent than the model's. Runtimes
 * would refuse these too, each in other words.
 */
export function checkFeeds(feeds: Feeds, inputs: readonly Port[]): void {
  for (const { name, dtype, shape } of inputs) {
    const given = Object.hasOwn(feeds, name) ? feeds[name] : undefined;
    if (!given) throw new InputError(name, `is missing. Given: ${Object.keys(feeds).join(", ") || "nothing"}.`);
    if (given.dtype !== dtype) throw new InputError(name, `is ${given.dtype}, the model takes ${dtype}.`);
    const fits =
      // Also what onnxruntime says of an input whose rank the model leaves open.
      !shape?.length ||
      (given.shape.length === shape.length &&
        shape.every((dim, axis) => typeof dim === "string" || dim < 0 || dim === given.shape[axis]));
    if (!fits) throw new InputError(name, `has the shape [${given.shape}], the model takes [${shape}].`);
  }
  const unknown = Object.keys(feeds).find((name) => !inputs.some((port) => port.name === name));
  if (unknown !== undefined)
    throw new InputError(unknown, `is not the model's. It has: ${inputs.map(({ name }) => name).join(", ")}.`);
}
