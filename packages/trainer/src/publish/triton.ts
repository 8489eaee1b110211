import type { Manifest } from "@glyphcast/runtime";

/** Pictures that a server may gather into one run of the graph. */
const MAX_BATCH_SIZE = 256;

/**
 * The `config.pbtxt` of a model in the contract's shape: `dims` leave out the batch, which `max_batch_size` stands for.
 *
 * @see NVIDIA Triton, "Model Configuration", and its model_config.proto
 */
export function tritonConfig(name: string, { labels, input, outputs }: Manifest): string {
  const [, ...imageShape] = input.shape;
  const output = (name: string, dims: string, labels = ""): string =>
    `  { name: "${name}" data_type: TYPE_FP32 dims: ${dims}${labels} }`;
  return `name: "${name}"
platform: "onnxruntime_onnx"
max_batch_size: ${MAX_BATCH_SIZE}
input [
  { name: "${input.name}" data_type: TYPE_UINT8 dims: [ ${imageShape.join(", ")} ] }
]
output [
${[
  output(outputs.logits, `[ ${labels.length} ]`),
  output(outputs.probabilities, `[ ${labels.length} ]`, ' label_filename: "labels.txt"'),
  output(outputs.confidence, "[ 1 ]", " reshape: { shape: [ ] }"),
].join(",\n")}
]
dynamic_batching { }
`;
}
