import { preprocess, type RgbaImage } from "@glyphcast/preprocess";
import type { InferenceSession, TensorConstructor } from "onnxruntime-common";
import { toCanvasGrid } from "./canvas-grid.ts";
import { InferenceError, ModelContractError } from "./errors.ts";
import { bytesOfInput, type Manifest } from "./manifest.ts";
import { createQueue, type Queue } from "./queue.ts";

/** The graph's three outputs, row by row: `logits` and `probabilities` are [batch, labels], `confidence` is [batch]. */
export interface Outputs {
  readonly logits: Float32Array;
  readonly probabilities: Float32Array;
  readonly confidence: Float32Array;
}

/** What does the work of one model: in the caller's thread, or at the far end of a worker. */
export interface Engine<Picture> {
  /** A picture as the model's input: height × width bytes, or three times as many. */
  pixels(picture: Picture): Promise<Uint8Array>;
  /** `pixels` holds `batch` inputs; their length has been checked. */
  run(pixels: Uint8Array, batch: number): Promise<Outputs>;
  release(): Promise<void>;
}

/** The part of onnxruntime's session that is used. */
export type Session = Pick<InferenceSession, "run" | "release" | "inputNames" | "outputNames">;

export interface LocalEngineOptions<Picture> {
  decode(picture: Picture): Promise<RgbaImage>;
  readonly manifest: Manifest;
  readonly session: Session;
  /** Of the same onnxruntime package as the session. */
  readonly Tensor: TensorConstructor;
  /** Sessions that must not run at the same time share one. */
  readonly queue?: Queue;
}

/**
 * An engine on a session in this thread. It runs once here, so that the first picture does not pay for that and a graph
 * whose outputs differ from its manifest is refused; the session is released if so.
 *
 * @throws ModelContractError, InferenceError
 */
export async function startLocalEngine<Picture>(options: LocalEngineOptions<Picture>): Promise<Engine<Picture>> {
  const { manifest, session } = options;
  try {
    const engine = createLocalEngine(options);
    await engine.run(new Uint8Array(bytesOfInput(manifest)), 1);
    return engine;
  } catch (error) {
    await session.release();
    throw error;
  }
}

function createLocalEngine<Picture>({
  decode,
  manifest,
  session,
  Tensor,
  queue = createQueue(),
}: LocalEngineOptions<Picture>): Engine<Picture> {
  const { input, outputs, labels } = manifest;
  const [, ...shape] = input.shape;
  requireNames("input", [input.name], session.inputNames);
  requireNames("output", Object.values(outputs), session.outputNames);

  const read = (results: Awaited<ReturnType<Session["run"]>>, name: string, dims: readonly number[]): Float32Array => {
    const { type, dims: found, data } = results[name]!;
    if (type !== "float32" || found.length !== dims.length || found.some((size, axis) => size !== dims[axis]))
      throw new ModelContractError(name, `${type} [${found.join(", ")}]`, `float32 [${dims.join(", ")}]`);
    return data as Float32Array;
  };

  return {
    async pixels(picture) {
      const made = preprocess(toCanvasGrid(await decode(picture)), manifest.preprocess);
      const found = [made.height, made.width, ...(made.channels === 1 ? [] : [made.channels])];
      if (found.join() !== shape.join())
        throw new ModelContractError(
          input.name,
          `[${shape.join(", ")}]`,
          `what its preprocess steps make, [${found.join(", ")}]`,
        );
      return made.data;
    },

    run: (pixels, batch) =>
      queue(async () => {
        const feeds = { [input.name]: new Tensor("uint8", pixels, [batch, ...shape]) };
        const results = await session.run(feeds, Object.values(outputs)).catch((cause: unknown) => {
          throw new InferenceError("run the model", cause, "Fewer pictures at a time may help, if memory ran out.");
        });
        return {
          logits: read(results, outputs.logits, [batch, labels.length]),
          probabilities: read(results, outputs.probabilities, [batch, labels.length]),
          confidence: read(results, outputs.confidence, [batch]),
        };
      }),

    release: () => queue(() => session.release()),
  };
}

function requireNames(kind: "input" | "output", wanted: readonly string[], found: readonly string[]): void {
  for (const name of wanted)
    if (!found.includes(name))
      throw new ModelContractError(name, `not among its ${kind}s (${found.join(", ")})`, `an ${kind}`);
}
