import type { Config } from "../config.ts";

/** Options of Keras that TF.js 4.22 reads past, and what they may say all the same: what it computes without them. */
const IGNORED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  AveragePooling1D: { data_format: "channels_last" },
  Bidirectional: { backward_layer: null },
  Conv2DTranspose: { output_padding: null },
  Conv3DTranspose: { output_padding: null },
  GlobalAveragePooling1D: { data_format: "channels_last", keepdims: false },
  GlobalAveragePooling2D: { keepdims: false },
  GlobalMaxPooling1D: { data_format: "channels_last", keepdims: false },
  GlobalMaxPooling2D: { keepdims: false },
  MaxPooling1D: { data_format: "channels_last" },
  ReLU: { negative_slope: 0, threshold: 0 },
};

/** @throws UnsupportedOptionError where TF.js would compute something else than the file says. */
export function refuseIgnored(className: string, config: Config): void {
  for (const [option, harmless] of Object.entries(IGNORED[className] ?? {})) {
    const found = config.raw(option);
    if (found === undefined || found === harmless || (found === "channelsLast" && harmless === "channels_last"))
      continue;
    config.unsupported(option, `TF.js ignores it; without it, or ${JSON.stringify(harmless)}, both mean the same.`);
  }
}
