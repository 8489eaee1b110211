import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import { CsvError, type Info, parse } from "csv-parse";
import { DatasetError } from "../errors.ts";
import type { Dataset, ImageShape, LabelledImages } from "./labelled-images.ts";
import { type PictureOptions, type PictureSize, stepsForPixels } from "./picture-steps.ts";
import { setTestAside } from "./test-split.ts";

/** Pictures as a CSV file has them, a row each. */
export interface CsvPictures {
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** Undefined where the file has no such column. */
  readonly labels: Uint8Array<ArrayBuffer> | undefined;
  readonly count: number;
  readonly imageShape: ImageShape;
  readonly sha256: string;
}

/**
 * Grey pictures in the layout of Kaggle's Digit Recognizer: a header `label,pixel0,…,pixel783`, then a row per picture,
 * its label a class number from 0, its pixels 0 to 255. A sixth of them is set aside for the test.
 *
 * @throws DatasetError that names the line.
 */
export async function loadCsv(path: string, options: PictureOptions = {}): Promise<Dataset> {
  const { pixels, labels, count, imageShape, sha256 } = await readCsvPictures(path, options);
  if (labels === undefined)
    throw new DatasetError({
      path,
      line: 1,
      found: "no column label",
      expected: "label,pixel0,pixel1,…",
      mend: "Pictures without labels teach nothing: glyphcast submit reads them.",
    });
  const { train, test } = setTestAside({ pixels, labels, count, imageShape });
  return {
    name: basename(path),
    labels: Array.from({ length: 1 + labels.reduce((a, b) => Math.max(a, b), 0) }, (_, i) => `${i}`),
    imageShape,
    sha256,
    note: `pictures of ${imageShape.join(" × ")}`,
    preprocess: stepsForPixels(imageShape, options),
    skipped: [],
    train,
    test: async (): Promise<LabelledImages> => test,
  };
}

/**
 * Reads such a file as a stream: its text is never in memory as a whole. The label column may be missing.
 *
 * @throws DatasetError that names the line.
 */
export async function readCsvPictures(path: string, { size }: PictureOptions = {}): Promise<CsvPictures> {
  const hash = createHash("sha256");
  const rows = new Rows(path, size);
  try {
    const file = createReadStream(path);
    file.on("data", (chunk) => hash.update(chunk));
    const parser = parse({ bom: true, trim: true, info: true, skip_empty_lines: true, relax_column_count: true });
    await pipeline(file, parser, async (records: AsyncIterable<{ record: string[]; info: Info }>) => {
      for await (const { record, info } of records) rows.add(record, info.lines);
    });
  } catch (cause) {
    throw readable(cause, path);
  }
  return rows.finish(hash.digest("hex"));
}

function readable(cause: unknown, path: string): unknown {
  if (cause instanceof DatasetError) return cause;
  const mend = "Give a file such as Kaggle's train.csv.";
  if (cause instanceof CsvError) {
    const lines = (cause as CsvError & { lines?: number }).lines;
    const at = lines === undefined ? { path } : { path, line: lines };
    return new DatasetError({ ...at, found: cause.message, expected: "comma-separated values", mend, cause });
  }
  const { code } = cause as NodeJS.ErrnoException;
  if (code === undefined) return cause;
  const found = code === "ENOENT" ? "no such file" : code;
  return new DatasetError({ path, found, expected: "a CSV file", mend, cause });
}

/** Rows, checked and packed one by one. */
class Rows {
  readonly #path: string;
  readonly #size: PictureSize | undefined;
  #header: { readonly labelled: boolean; readonly pixels: number; readonly imageShape: ImageShape } | undefined;
  #pixels = new Uint8Array();
  readonly #labels: number[] = [];
  #count = 0;

  constructor(path: string, size: PictureSize | undefined) {
    this.#path = path;
    this.#size = size;
  }

  add(record: readonly string[], line: number): void {
    if (this.#header === undefined) {
      this.#header = this.#readHeader(record);
      return;
    }
    const { labelled, pixels } = this.#header;
    const first = labelled ? 1 : 0;
    if (record.length !== first + pixels)
      throw this.#fail(line, `${record.length} columns`, `${first + pixels}, as the header has`, MEND_ROW);
    if (labelled) this.#labels.push(this.#readByte(record[0]!, line, "label", "a class number from 0 to 255"));
    const offset = this.#count * pixels;
    this.#reserve(offset + pixels);
    for (let i = 0; i < pixels; i++)
      this.#pixels[offset + i] = this.#readByte(record[first + i]!, line, `pixel${i}`, "a whole number from 0 to 255");
    this.#count++;
  }

  finish(sha256: string): CsvPictures {
    if (this.#header === undefined) throw this.#fail(1, "an empty file", HEADER, MEND_HEADER);
    if (this.#count === 0)
      throw this.#fail(2, "no row after the header", "a row for each picture", "The file was cut: fetch it again.");
    const { labelled, pixels, imageShape } = this.#header;
    return {
      pixels: this.#pixels.slice(0, this.#count * pixels),
      labels: labelled ? Uint8Array.from(this.#labels) : undefined,
      count: this.#count,
      imageShape,
      sha256,
    };
  }

  #readHeader(names: readonly string[]) {
    const labelled = names[0] === "label";
    const pixels = names.slice(labelled ? 1 : 0);
    const wrong = pixels.findIndex((name, i) => name !== `pixel${i}`);
    if (wrong !== -1)
      throw this.#fail(
        1,
        `column ${JSON.stringify(pixels[wrong]!.slice(0, 40))}`,
        `pixel${wrong} as column ${wrong + (labelled ? 2 : 1)}`,
        MEND_HEADER,
      );
    if (pixels.length === 0) throw this.#fail(1, "no column pixel0", HEADER, MEND_HEADER);
    const side = Math.round(Math.sqrt(pixels.length));
    const { width, height } = this.#size ?? { width: side, height: side };
    if (width * height !== pixels.length)
      throw this.#fail(
        1,
        `${pixels.length} pixels`,
        this.#size === undefined ? "a square number" : `${width * height}, since --size is ${width}x${height}`,
        "Say how wide and high the pictures are, as in --size 32x24.",
      );
    const imageShape: ImageShape = [height, width];
    return { labelled, pixels: pixels.length, imageShape };
  }

  #readByte(text: string, line: number, column: string, expected: string): number {
    const value = text === "" ? Number.NaN : Number(text);
    if (!Number.isInteger(value) || value < 0 || value > 255)
      throw this.#fail(line, `${column} = ${JSON.stringify(text.slice(0, 40))}`, expected, MEND_ROW);
    return value;
  }

  /** Doubles when full, so that a file of unknown length is copied few times. */
  #reserve(bytes: number): void {
    if (bytes <= this.#pixels.length) return;
    const larger = new Uint8Array(Math.max(bytes, 2 * this.#pixels.length, 1 << 20));
    larger.set(this.#pixels);
    this.#pixels = larger;
  }

  #fail(line: number, found: string, expected: string, mend: string): DatasetError {
    return new DatasetError({ path: this.#path, line, found, expected, mend });
  }
}

const HEADER = "the header label,pixel0,pixel1,…";
const MEND_HEADER = "The first line names the columns: label (or not), then pixel0, pixel1 and so on, row by row.";
const MEND_ROW = "Mend or remove that line.";
