import type { ConvertOptions } from "./convert.ts";
import { VERSION } from "./version.ts";

/**
 * What a converted model says about itself in `metadata_props`: where it comes from, and what a comparison with TF.js has
 * to know of it. For bytes, pixels · `uint8_scale` + `uint8_offset` is what TF.js is given; classifiers whose
 * probabilities are taken at another `temperature` than TF.js's say which.
 */
export function metadataOf(
  source: { readonly format: string; readonly writer: string },
  { uint8Input, classifier, metadata }: Pick<ConvertOptions, "classifier" | "metadata" | "uint8Input">,
): Record<string, string> {
  const { temperature = 1 } = typeof classifier === "object" ? classifier : {};
  return {
    converter: `tfjs-to-onnx ${VERSION}`,
    source_format: source.format,
    source_writer: source.writer,
    ...(uint8Input && { uint8_scale: `${uint8Input.scale}`, uint8_offset: `${uint8Input.offset}` }),
    ...(temperature !== 1 && { temperature: `${temperature}` }),
    ...metadata,
  };
}
