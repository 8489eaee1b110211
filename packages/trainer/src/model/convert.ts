import { fork } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { ConversionError, InterruptedError } from "../errors.ts";

/**
 * Converts a saved LayersModel for serving by running `tfjs-to-onnx`, as anybody would: raw uint8 pixels in; logits,
 * probabilities and confidence out.
 *
 * @throws ConversionError with the child's exit code and what it wrote to standard error.
 */
export async function convertForServing(
  modelJson: string,
  onnx: string,
  { metadata, signal }: { metadata: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<void> {
  const options = Object.entries(metadata).flatMap(([key, value]) => ["--metadata", `${key}=${value}`]);
  // The run compares TF.js and the .onnx itself, on pictures instead of noise.
  const args = [modelJson, "-o", onnx, "--uint8-input", "1/255,0", "--classifier", "--no-verify", ...options];
  const child = fork(converter, args, { stdio: ["ignore", "ignore", "pipe", "ipc"], signal });
  let stderr = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [exitCode] = (await once(child, "close").catch((cause: unknown) => {
    if (signal.aborted) throw new InterruptedError();
    throw cause;
  })) as [number | null];
  // Ctrl-C in a terminal reaches the child too, and may end it before this process has noticed its own.
  if (signal.aborted) throw new InterruptedError();
  if (exitCode !== 0) throw new ConversionError(exitCode, stderr);
}

/** The converter's command: as built beside a built trainer, as source beside sources. */
const converter = join(
  dirname(createRequire(import.meta.url).resolve("@glyphcast/tfjs-to-onnx/package.json")),
  extname(import.meta.url) === ".ts" ? "src/cli.ts" : "dist/cli.js",
);
