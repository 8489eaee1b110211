import { InvalidStepError, parseSteps, type Step } from "@glyphcast/preprocess";
import {
  type Check,
  fields,
  fraction,
  literal,
  Misfit,
  mapOf,
  optional,
  sha256,
  text,
  that,
  wholeNumber,
} from "./check.ts";
import { type FileDigest, ManifestError } from "./errors.ts";

/** The file a runtime builds its session from; the manifest lists it under `files`. */
export const MODEL_FILE = "model.onnx";

export type InputShape =
  | readonly [batch: string, height: number, width: number]
  | readonly [batch: string, height: number, width: number, channels: 3];

/** What a model's graph cannot say about itself: `manifest.json`, beside `model.onnx`. */
export interface Manifest {
  readonly schemaVersion: 1;
  readonly task: "image-classification";
  readonly name: string;
  readonly version: string;
  /** What each output column means. */
  readonly labels: readonly string[];
  readonly input: {
    readonly name: string;
    readonly dtype: "uint8";
    /** The batch dimension's name, height, width, and 3 where the pixels are colours. Of digits 0 = paper, 255 = ink. */
    readonly shape: InputShape;
  };
  /** The graph's own names for its three outputs. */
  readonly outputs: { readonly logits: string; readonly probabilities: string; readonly confidence: string };
  /** How a picture becomes the input. */
  readonly preprocess: readonly Step[];
  /** An answer whose confidence is below the threshold is rejected; 0 rejects nothing. */
  readonly reject: {
    readonly threshold: number;
    /**
     * What the confidence is: the largest probability, as where nothing is said, or that times how familiar the picture's
     * features are, 1 for those of training pictures and 0 for what is unlike all of them.
     */
    readonly method?: "probability" | "familiarity";
  };
  /** What the graph divides its logits by, and what that and the threshold were fitted on; absent where nothing was. */
  readonly calibration?: { readonly temperature: number; readonly from: string };
  readonly metrics: {
    readonly testAccuracy: number;
    readonly testErrors: number;
    readonly dataset: { readonly name: string; readonly sha256: string; readonly images: number };
  };
  readonly provenance: {
    readonly recipe: string;
    readonly seed: number;
    readonly engine: string;
    /** Where the network came from, if not from the recipe. */
    readonly architecture?: FileDigest & { readonly file: string };
    readonly versions: Readonly<Record<string, string>>;
  };
  /** Every file beside the manifest. */
  readonly files: Readonly<Record<string, FileDigest>>;
}

const labels: Check<readonly string[]> = that(
  "two or more labels, each a text of its own",
  (value) =>
    Array.isArray(value) &&
    value.length >= 2 &&
    value.every((label) => typeof label === "string" && label !== "") &&
    new Set(value).size === value.length,
);

const above0: Check<number> = that(
  "a number above 0",
  (value) => typeof value === "number" && value > 0 && Number.isFinite(value),
);

const isSize = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 1;

const inputShape: Check<InputShape> = that(
  "the batch dimension's name, a height and a width, and 3 for colour",
  (value) =>
    Array.isArray(value) &&
    (value.length === 3 || (value.length === 4 && value[3] === 3)) &&
    typeof value[0] === "string" &&
    isSize(value[1]) &&
    isSize(value[2]),
);

/** Bytes of one input. */
export function bytesOfInput({ input }: Pick<Manifest, "input">): number {
  const [, height, width, channels = 1] = input.shape;
  return height * width * channels;
}

const steps: Check<readonly Step[]> = (value, path) => {
  try {
    return parseSteps(value);
  } catch (cause) {
    if (!(cause instanceof InvalidStepError)) throw cause;
    const step = cause.index === undefined ? path : `${path}[${cause.index}]`;
    const where = cause.field === undefined ? step : `${step}.${cause.field}`;
    throw new Misfit(where, cause.found, cause.expected, { cause });
  }
};

const files: Check<Readonly<Record<string, FileDigest>>> = (value, path) => {
  const listed = mapOf(fields<FileDigest>({ sha256, bytes: wholeNumber(1) }))(value, path);
  if (listed[MODEL_FILE] === undefined) throw new Misfit(`${path}["${MODEL_FILE}"]`, "missing", "its SHA-256 and size");
  return listed;
};

const manifest: Check<Manifest> = fields<Manifest>({
  schemaVersion: literal(1),
  task: literal("image-classification"),
  name: text,
  version: text,
  labels,
  input: fields<Manifest["input"]>({ name: text, dtype: literal("uint8"), shape: inputShape }),
  outputs: fields<Manifest["outputs"]>({ logits: text, probabilities: text, confidence: text }),
  preprocess: steps,
  reject: fields<Manifest["reject"]>({
    threshold: fraction,
    method: optional(
      that('"probability" or "familiarity"', (value) => value === "probability" || value === "familiarity"),
    ),
  }),
  calibration: optional(fields<NonNullable<Manifest["calibration"]>>({ temperature: above0, from: text })),
  metrics: fields<Manifest["metrics"]>({
    testAccuracy: fraction,
    testErrors: wholeNumber(0),
    dataset: fields<Manifest["metrics"]["dataset"]>({ name: text, sha256, images: wholeNumber(1) }),
  }),
  provenance: fields<Manifest["provenance"]>({
    recipe: text,
    seed: wholeNumber(0),
    engine: text,
    versions: mapOf(text),
    architecture: optional(
      fields<FileDigest & { readonly file: string }>({ file: text, sha256, bytes: wholeNumber(1) }),
    ),
  }),
  files,
});

/**
 * Checks a manifest's every field. `file` is only what errors call it.
 *
 * @throws ManifestError
 */
export function parseManifest(json: unknown, file = "manifest.json"): Manifest {
  try {
    return manifest(json, "");
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    const { path, found, expected, cause } = error;
    throw new ManifestError({ file, path, found, expected }, undefined, { cause });
  }
}

/** @throws ManifestError */
export function readManifest(source: string, file = "manifest.json"): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(source);
  } catch (cause) {
    const at = { file, path: "", expected: "a manifest in JSON" };
    if (!/^\s*</.test(source)) throw new ManifestError({ ...at, found: "not JSON" }, undefined, { cause });
    const remedy = "Servers like to send one for what is missing: is the folder's address right?";
    throw new ManifestError({ ...at, found: "an HTML page" }, remedy, { cause });
  }
  return parseManifest(json, file);
}
