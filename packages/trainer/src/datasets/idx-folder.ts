import { createHash, type Hash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { DatasetError } from "../errors.ts";
import { decodeIdx } from "./idx.ts";
import type { Dataset, LabelledImages } from "./labelled-images.ts";
import { type PictureOptions, stepsForPixels } from "./picture-steps.ts";

/** The four files go by these names, here and there with a dot for a dash, or compressed. */
const NAMES = "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte";
/** Names of the classes, a line each, where somebody wrote them down. */
const LABELS = "labels.txt";

/**
 * Grey pictures of any size, of up to 256 classes, in four IDX files as MNIST and Fashion-MNIST have them, compressed or
 * not. All are checked before anything is trained.
 *
 * @throws DatasetError when a file is missing, damaged or does not fit the others.
 */
export async function loadIdxFolder(directory: string, options: PictureOptions = {}): Promise<Dataset> {
  const names = await readdir(directory).catch((cause: NodeJS.ErrnoException) => {
    const found = cause.code === "ENOENT" ? "no such folder" : String(cause.code ?? cause.message);
    throw new DatasetError({ path: directory, found, expected: "a folder of IDX files", mend: MEND_FOLDER, cause });
  });
  const hash = createHash("sha256");
  const train = await readPart(directory, names, "train", hash);
  const test = await readPart(directory, names, "t10k", hash);
  if (String(test.imageShape) !== String(train.imageShape))
    throw new DatasetError({
      path: test.imagesPath,
      found: `pictures of ${test.imageShape.join(" × ")}`,
      expected: `${train.imageShape.join(" × ")}, as those to train on`,
      mend: "Both splits must come from the same dataset.",
    });
  const labels = await readLabels(directory, names, train);
  for (const part of [train, test]) checkRange(part, labels);
  return {
    name: basename(directory),
    labels,
    imageShape: train.imageShape,
    sha256: hash.digest("hex"),
    note: `pictures of ${train.imageShape.join(" × ")}`,
    preprocess: stepsForPixels(train.imageShape, options),
    skipped: [],
    train,
    test: async () => test,
  };
}

const MEND_FOLDER = `The folder must hold ${NAMES}, or the same with .gz.`;

interface Part extends LabelledImages {
  readonly imagesPath: string;
  readonly labelsPath: string;
}

async function readPart(directory: string, names: readonly string[], part: string, hash: Hash): Promise<Part> {
  const [imagesPath, images] = await readIdx(directory, names, `${part}-images`, 3, hash);
  const [labelsPath, labels] = await readIdx(directory, names, `${part}-labels`, 1, hash);
  const [count, height, width] = images.shape as [number, number, number];
  if (count !== labels.data.length)
    throw new DatasetError({
      path: labelsPath,
      found: `${labels.data.length} labels`,
      expected: `${count}, one for each picture of ${basename(imagesPath)}`,
      mend: "The two files belong to different datasets, or one of them was cut: fetch both again.",
    });
  if (count * height * width === 0)
    throw new DatasetError({
      path: imagesPath,
      found: `${count} pictures of ${height} × ${width}`,
      expected: "at least one picture of at least one pixel",
      mend: "The file has a header and nothing to train on: fetch it again.",
    });
  return { pixels: images.data, labels: labels.data, count, imageShape: [height, width], imagesPath, labelsPath };
}

type Idx = { readonly shape: readonly number[]; readonly data: Uint8Array<ArrayBuffer> };

async function readIdx(
  directory: string,
  names: readonly string[],
  stem: string,
  rank: number,
  hash: Hash,
): Promise<[path: string, decoded: Idx]> {
  const pattern = new RegExp(`^${stem}[-.]idx${rank}-ubyte(\\.gz)?$`);
  const name = names.find((name) => pattern.test(name));
  if (name === undefined)
    throw new DatasetError({
      path: join(directory, `${stem}-idx${rank}-ubyte`),
      found: "no such file",
      expected: "one of the four IDX files, compressed or not",
      mend: MEND_FOLDER,
    });
  const path = join(directory, name);
  const bytes = await inflated(await readFile(path), path);
  hash.update(bytes);
  return [path, decodeIdx(bytes, rank, path) as Idx];
}

/** What a .gz file holds; other files as they are. */
async function inflated(bytes: Buffer, path: string): Promise<Buffer> {
  if (!path.endsWith(".gz")) return bytes;
  return promisify(gunzip)(bytes).catch((cause: unknown) => {
    const truncated = (cause as NodeJS.ErrnoException).code === "Z_BUF_ERROR";
    throw new DatasetError({
      path,
      found: truncated ? `a gzip file cut short after ${bytes.length} bytes` : `no gzip file (${messageOf(cause)})`,
      expected: "a whole gzip file",
      mend: "Fetch the file again: a download that broke off leaves it like this.",
      cause,
    });
  });
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

async function readLabels(directory: string, names: readonly string[], { labels }: Part): Promise<string[]> {
  if (!names.includes(LABELS))
    return Array.from({ length: 1 + labels.reduce((a, b) => Math.max(a, b)) }, (_, i) => `${i}`);
  const path = join(directory, LABELS);
  const lines = (await readFile(path, "utf8")).split(/\r?\n/).map((line) => line.trim());
  const written = lines.filter((line, i) => line !== "" || i < lines.length - 1);
  const repeated = written.findIndex((line, i) => line === "" || written.indexOf(line) !== i);
  if (repeated !== -1)
    throw new DatasetError({
      path,
      line: repeated + 1,
      found: JSON.stringify(written[repeated]),
      expected: "a name for each class, each its own",
      mend: "Write one class to a line, in the order of their numbers, or remove the file.",
    });
  return written;
}

function checkRange({ labels, labelsPath }: Part, names: readonly string[]): void {
  const wrong = labels.findIndex((label) => label >= names.length);
  if (wrong !== -1)
    throw new DatasetError({
      path: labelsPath,
      found: `label ${labels[wrong]} at picture ${wrong} (counted from 0)`,
      expected: `a class from 0 to ${names.length - 1}`,
      mend: "The file is damaged, or the pictures to train on lack a class: fetch the dataset again, or mend labels.txt.",
    });
}
