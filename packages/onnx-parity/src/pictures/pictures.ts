import { readdir } from "node:fs/promises";
import { dirname, extname, join, relative, sep } from "node:path";
import { tensor } from "@glyphcast/onnx";
import { FileError, NothingComparedError, UnavailableError } from "../errors.ts";
import type { Feeds } from "../target/protocol.ts";
import { DEFAULT_SECONDS } from "../target/target.ts";
import { openNodePictures, type PixelsInput } from "./node-pictures.ts";
import type { PageModules } from "./page-modules.ts";
import { openPagePictures } from "./page-pictures.ts";
import type { PictureReader, Pixels } from "./picture-reader.ts";

export interface PicturesOptions {
  /** Holds PNG, JPEG, WebP and GIF files, at any depth. */
  readonly folder: string;
  /** The path of a `model.onnx` with Glyphcast's `manifest.json` beside it. */
  readonly model: string;
  /** Whether to read them in a browser too, and compare what it makes of them. */
  readonly browser: boolean;
  /** Seconds for one picture in the browser. */
  readonly timeLimit?: number;
  /** Where the page finds `@glyphcast/runtime-web`, if not among what is installed. */
  readonly modules?: PageModules;
}

/** A picture that is not the same to both sides. */
export interface PictureDifference {
  readonly file: string;
  /** Bytes that differ, of all; 0 where a side refused it. */
  readonly differing: number;
  readonly bytes: number;
  /** The largest difference of a byte. */
  readonly most: number;
  /** Which side refused it, and how. */
  readonly refused?: string;
  /** JPEG and lossy WebP leave their decoders room: reported, and no failure. */
  readonly mayDiffer: boolean;
}

/** Decoding and preprocessing: from a file to what the model is given. */
export interface PicturesReport {
  /** Those that read the pictures; one alone is compared with nothing. */
  readonly readers: readonly string[];
  /** Why the browser did not. */
  readonly unavailable?: string;
  readonly pictures: number;
  /** The same bytes on both sides. */
  readonly equal: number;
  /** Refused for the same reason by all that read them, and so not given to the model: "blank.png: EMPTY_DRAWING". */
  readonly refused: readonly string[];
  readonly differences: readonly PictureDifference[];
  /** Whether nothing differs that may not. */
  readonly agrees: boolean;
}

const FORMATS: ReadonlySet<string> = new Set([".png", ".jpg", ".jpeg", ".webp", ".gif"]);
const LOSSY: ReadonlySet<string> = new Set([".jpg", ".jpeg", ".webp"]);

/** Few enough to be in memory with their pictures, enough for a batch. */
const BATCH = 64;

/**
 * Opens a folder of pictures as inputs of a Glyphcast model.
 * @throws FileError, NothingComparedError when there is none.
 * @throws UnavailableError when `@glyphcast/runtime-node` is not installed.
 * @throws PicturesError when there is no manifest, or it does not fit the model.
 */
export async function openPictures(options: PicturesOptions): Promise<Pictures> {
  const { folder, model, browser, timeLimit: seconds = DEFAULT_SECONDS, modules } = options;
  const files = await picturesIn(folder);
  const node = await openNodePictures(dirname(model));
  let [page, unavailable]: [PictureReader | undefined, string | undefined] = [undefined, undefined];
  try {
    if (browser) page = await openPagePictures(dirname(model), { seconds, modules });
  } catch (error) {
    if (error instanceof UnavailableError) unavailable = error.reason;
    else {
      await node.close();
      throw error;
    }
  }
  return new Pictures(folder, files, { node, page, unavailable });
}

async function picturesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause) => {
    throw new FileError(folder, cause.code === "ENOENT" ? "there is no such folder." : cause.message, { cause });
  });
  const files = entries
    .filter((entry) => entry.isFile() && FORMATS.has(extname(entry.name).toLowerCase()))
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).split(sep).join("/"))
    .sort();
  if (files.length === 0) throw new NothingComparedError(`there is no PNG, JPEG, WebP or GIF file in ${folder}.`);
  return files;
}

interface Readers {
  readonly node: PictureReader & { readonly input: PixelsInput };
  readonly page: PictureReader | undefined;
  readonly unavailable: string | undefined;
}

/** Pictures on their way to the model. What Node makes of them is what every runtime is given. */
export class Pictures {
  readonly #folder: string;
  readonly #files: readonly string[];
  readonly #readers: Readers;
  #equal = 0;
  #refused: string[] = [];
  #differences: PictureDifference[] = [];

  constructor(folder: string, files: readonly string[], readers: Readers) {
    this.#folder = folder;
    this.#files = files;
    this.#readers = readers;
  }

  /** Reads and compares the pictures, from the first on; one batch is in memory at a time. */
  async *inputs(): AsyncGenerator<Feeds> {
    [this.#equal, this.#refused, this.#differences] = [0, [], []];
    let batch: Uint8Array[] = [];
    for (const file of this.#files) {
      const pixels = await this.#read(file);
      if (pixels) batch.push(pixels);
      if (batch.length === BATCH) {
        yield this.#feeds(batch);
        batch = [];
      }
    }
    if (batch.length > 0) yield this.#feeds(batch);
    else if (this.#refused.length === this.#files.length)
      throw new NothingComparedError(`no picture could be read. ${this.#refused.join("; ")}.`);
  }

  report(): PicturesReport {
    const { node, page, unavailable } = this.#readers;
    return {
      readers: [node.name, ...(page ? [page.name] : [])],
      ...(unavailable !== undefined && { unavailable }),
      pictures: this.#files.length,
      equal: this.#equal,
      refused: this.#refused,
      differences: this.#differences,
      agrees: this.#differences.every(({ mayDiffer }) => mayDiffer),
    };
  }

  async close(): Promise<void> {
    await Promise.all([this.#readers.node.close(), this.#readers.page?.close()]);
  }

  async #read(file: string): Promise<Uint8Array | undefined> {
    const path = join(this.#folder, file);
    const { node, page } = this.#readers;
    const [ours, theirs] = await Promise.all([node.read(path), page?.read(path)]);
    const difference = theirs && differenceOf(file, ours, theirs);
    if (difference) this.#differences.push(difference);
    else if (ours.refused !== undefined) this.#refused.push(`${file}: ${ours.refused}`);
    else if (theirs) this.#equal++;
    return ours.pixels;
  }

  #feeds(batch: readonly Uint8Array[]): Feeds {
    const { name, shape } = this.#readers.node.input;
    const [, ...rest] = shape as [string, ...number[]];
    const size = rest.reduce((product, dim) => product * dim, 1);
    const data = new Uint8Array(batch.length * size);
    for (const [i, pixels] of batch.entries()) data.set(pixels, i * size);
    return { [name]: tensor("uint8", [batch.length, ...rest], data) };
  }
}

/** undefined where both sides have the same bytes, or refuse the picture for the same reason. */
function differenceOf(file: string, node: Pixels, page: Pixels): PictureDifference | undefined {
  if (node.pixels === undefined || page.pixels === undefined) {
    if (node.refused === page.refused) return undefined;
    const refused = page.pixels ? `Node: ${messageOf(node)}` : `the browser: ${messageOf(page)}`;
    return { file, differing: 0, bytes: 0, most: 0, refused, mayDiffer: false };
  }
  let [differing, most] = [0, 0];
  for (const [i, byte] of node.pixels.entries()) {
    const gap = Math.abs(byte - page.pixels[i]!);
    if (gap > 0) differing++;
    most = Math.max(most, gap);
  }
  if (differing === 0) return undefined;
  const mayDiffer = LOSSY.has(extname(file).toLowerCase());
  return { file, differing, bytes: node.pixels.length, most, mayDiffer };
}

const messageOf = (read: Pixels): string => ("message" in read ? read.message : "");
