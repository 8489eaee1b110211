import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { preprocess, type Step } from "@glyphcast/preprocess";
import { toCanvasGrid } from "@glyphcast/runtime";
import { decodePicture, EmptyDrawingError, PictureError } from "@glyphcast/runtime-node";
import { DatasetError } from "../errors.ts";
import { randomStream, shuffle } from "../random.ts";
import {
  bytesPerImage,
  type Dataset,
  type LabelledImages,
  MOST_CLASSES,
  type SkippedPicture,
} from "./labelled-images.ts";
import { type PictureOptions, pictureSteps, shapeOfSteps } from "./picture-steps.ts";
import { setTestAside } from "./test-split.ts";

export interface FolderOptions extends PictureOptions {
  /** Stop at a picture that cannot be read, instead of leaving it out. */
  readonly strict?: boolean | undefined;
  /** How pictures become pixels, where a model has settled that already. */
  readonly steps?: readonly Step[] | undefined;
}

const SIZE = { width: 32, height: 32 };
/** Pictures decoded at a time: each may hold 64 MiB while it is. */
const LANES = 4;
/** The folders' order must not decide which pictures come first. */
const ORDER = 0x666f6c64;

/**
 * Pictures in a folder for each class; or such folders in `train/`, and perhaps in `val/` and `test/`. Pictures are
 * decoded and brought to size as the runtimes do it, so what is trained on is what will be served.
 *
 * @throws DatasetError; with `strict` for the first picture that cannot be read, too.
 */
export async function loadPictureFolder(directory: string, options: FolderOptions = {}): Promise<Dataset> {
  const { size = SIZE, fit = "contain", grey = fit === "digit", strict = false } = options;
  const steps = options.steps ?? pictureSteps(size, fit, grey);
  const parts = await findParts(directory);
  const labels = await findClasses(parts.train);
  const reader = new Reader(directory, steps, strict);
  const read = async (folder: string): Promise<LabelledImages> => reader.read(await listPictures(folder, labels));

  const train = await read(parts.train);
  const validation = parts.validation === undefined ? undefined : await read(parts.validation);
  const test = parts.test === undefined ? undefined : await read(parts.test);
  const split = test === undefined ? setTestAside(train) : { train, test };
  const { imageShape } = train;
  return {
    name: basename(directory),
    labels,
    imageShape,
    sha256: reader.digest(),
    note: `pictures of ${imageShape.slice(0, 2).join(" × ")} in ${imageShape.length === 3 ? "colour" : "grey"}`,
    preprocess: steps,
    skipped: reader.skipped,
    train: split.train,
    ...(validation && { validation }),
    test: async () => split.test,
  };
}

interface Parts {
  readonly train: string;
  readonly validation: string | undefined;
  readonly test: string | undefined;
}

async function findParts(directory: string): Promise<Parts> {
  const names = await foldersIn(directory);
  if (!names.includes("train")) return { train: directory, validation: undefined, test: undefined };
  const path = (...wanted: string[]): string | undefined => {
    const name = wanted.find((name) => names.includes(name));
    return name && join(directory, name);
  };
  return { train: path("train")!, validation: path("val", "valid", "validation"), test: path("test") };
}

async function foldersIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    const found = { ENOENT: "no such folder", ENOTDIR: "a file" }[cause.code ?? ""] ?? cause.message;
    throw new DatasetError({ path: directory, found, expected: "a folder of pictures", mend: LAYOUT, cause });
  });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => name)
    .sort(byNumberThenName);
}

const LAYOUT = "It holds a folder for each class, named like the class, or train/, val/ and test/ with such folders.";

/** "2" before "10", in every locale. */
const byNumberThenName = new Intl.Collator("en", { numeric: true }).compare;

async function findClasses(folder: string): Promise<string[]> {
  const labels = await foldersIn(folder);
  const fail = (found: string, expected: string): never => {
    throw new DatasetError({ path: folder, found, expected, mend: LAYOUT });
  };
  if (labels.length === 0) fail("no folder in it", "a folder for each class");
  if (labels.length === 1) fail(`one class only, ${labels[0]}`, "two or more classes to tell apart");
  if (labels.length > MOST_CLASSES) fail(`${labels.length} classes`, `at most ${MOST_CLASSES}`);
  return labels;
}

interface PictureFile {
  readonly path: string;
  readonly label: number;
}

/** The pictures of a part, in an order that is the same everywhere and mixes the classes. */
async function listPictures(folder: string, labels: readonly string[]): Promise<PictureFile[]> {
  const unknown = (await foldersIn(folder)).find((name) => !labels.includes(name));
  if (unknown !== undefined)
    throw new DatasetError({
      path: join(folder, unknown),
      found: "a class that train/ does not have",
      expected: `one of ${labels.join(", ")}`,
      mend: "Every class needs pictures to train on.",
    });
  const files: PictureFile[] = [];
  for (const [label, name] of labels.entries()) {
    const names = await filesBelow(join(folder, name));
    if (names.length === 0)
      throw new DatasetError({
        path: join(folder, name),
        found: "no pictures",
        expected: `pictures of the class ${name}`,
        mend: "Put some there, or remove the folder.",
      });
    files.push(...names.map((path) => ({ path, label })));
  }
  const order = shuffle(
    Uint32Array.from(files, (_, i) => i),
    randomStream(ORDER),
  );
  return Array.from(order, (i) => files[i]!);
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT") return [];
      throw cause;
    },
  );
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Decodes pictures, and remembers those that it had to leave out. */
class Reader {
  readonly skipped: SkippedPicture[] = [];
  readonly #root: string;
  readonly #steps: readonly Step[];
  readonly #strict: boolean;
  readonly #hash = createHash("sha256");

  constructor(root: string, steps: readonly Step[], strict: boolean) {
    this.#root = root;
    this.#steps = steps;
    this.#strict = strict;
  }

  async read(files: readonly PictureFile[]): Promise<LabelledImages> {
    const imageShape = shapeOfSteps(this.#steps);
    const size = bytesPerImage(imageShape);
    const pixels = new Uint8Array(files.length * size);
    const digests: (string | undefined)[] = new Array(files.length);
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < files.length) {
        const at = next++;
        const made = await this.#decode(files[at]!.path);
        if (made === undefined) continue;
        pixels.set(made.pixels, at * size);
        digests[at] = made.sha256;
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));

    // Pictures that were left out leave no gap.
    const kept = files.map((_, i) => i).filter((i) => digests[i] !== undefined);
    for (const [to, from] of kept.entries()) pixels.copyWithin(to * size, from * size, (from + 1) * size);
    for (const i of kept) this.#hash.update(`${files[i]!.label} ${digests[i]}\n`);
    if (kept.length === 0)
      throw new DatasetError({
        path: this.#root,
        found: `${files.length} files, none of which can be read`,
        expected: "pictures",
        mend: this.skipped[0]?.reason ?? LAYOUT,
      });
    const labels = Uint8Array.from(kept, (i) => files[i]!.label);
    return { pixels: pixels.subarray(0, kept.length * size), labels, count: kept.length, imageShape };
  }

  digest(): string {
    this.skipped.sort((a, b) => (a.path < b.path ? -1 : 1));
    return this.#hash.digest("hex");
  }

  async #decode(path: string): Promise<{ pixels: Uint8Array; sha256: string } | undefined> {
    try {
      const bytes = await readFile(path);
      const { data } = preprocess(toCanvasGrid(await decodePicture(bytes)), this.#steps);
      return { pixels: data, sha256: createHash("sha256").update(bytes).digest("hex") };
    } catch (cause) {
      if (!(cause instanceof PictureError || cause instanceof EmptyDrawingError)) throw cause;
      const [reason] = cause.message.split("\n");
      if (this.#strict)
        throw new DatasetError({
          path,
          found: cause instanceof PictureError ? cause.found : "nothing drawn",
          expected: cause instanceof PictureError ? cause.expected : "a drawing",
          mend: "Mend or remove it; without --strict it is left out.",
          cause,
        });
      this.skipped.push({ path: relative(this.#root, path).split(sep).join("/"), reason: reason! });
      return undefined;
    }
  }
}
