/// <reference lib="esnext.disposable" />
import type { Provider } from "./devices.ts";
import type { Engine, Outputs } from "./engine.ts";
import { DisposedError, TensorShapeError } from "./errors.ts";
import { bytesOfInput, type Manifest } from "./manifest.ts";
import { mapInOrder } from "./map-in-order.ts";
import { checkCount, checkOptions } from "./options.ts";

export interface ClassifyOptions {
  /** How many candidates, best first. */
  readonly topK?: number;
}

export interface Candidate {
  readonly label: string;
  /** Its probability, 0 to 1. */
  readonly score: number;
  /** Its place in `labels`. */
  readonly index: number;
}

/** A whole answer about one picture. */
export interface Reading {
  readonly candidates: Candidate[];
  /** What the reject threshold of the manifest is compared with. */
  readonly confidence: number;
  /** Whether the confidence is below the threshold: better no answer than this one. */
  readonly rejected: boolean;
  /** What the model saw: height × width bytes, in colour three times as many. Of digits 0 = paper, 255 = ink. */
  readonly pixels: Uint8Array;
}

export interface ModelParts<Picture> {
  readonly manifest: Manifest;
  readonly engine: Engine<Picture>;
  readonly provider: Provider;
  /** The largest batch that is run at once: larger ones take memory and no less time. */
  readonly maxBatch: number;
  /** Awaited between two batches, so that a page that runs the model in its own thread stays alive. */
  breathe?(): Promise<void>;
}

/** Pictures prepared at a time: each may hold 64 MiB while it is. */
const PREPARE_LANES = 4;

/** A loaded model. Its calls may overlap; each gets its own answer. */
export class Model<Picture> {
  readonly manifest: Manifest;
  readonly labels: readonly string[];
  readonly provider: Provider;
  readonly #parts: ModelParts<Picture>;
  readonly #underWay = new Set<Promise<unknown>>();
  #disposal: Promise<void> | undefined;

  constructor(parts: ModelParts<Picture>) {
    this.#parts = parts;
    this.manifest = parts.manifest;
    this.labels = parts.manifest.labels;
    this.provider = parts.provider;
  }

  /**
   * The likeliest labels of a picture, best first; of an array of pictures, one such list each.
   *
   * @throws PictureError, or EmptyDrawingError when there is nothing on it; in an array, BatchItemError around them
   */
  classify(picture: Picture, options?: ClassifyOptions): Promise<Candidate[]>;
  classify(pictures: readonly Picture[], options?: ClassifyOptions): Promise<Candidate[][]>;
  async classify(
    pictures: Picture | readonly Picture[],
    options: ClassifyOptions = {},
  ): Promise<Candidate[] | Candidate[][]> {
    const readings = await this.#track("classify", () => this.#readAll(listOf(pictures), options, "classify"));
    return isList(pictures) ? readings.map(({ candidates }) => candidates) : readings[0]!.candidates;
  }

  /** What `classify` says, with the confidence, whether it was rejected, and what the model saw. */
  read(picture: Picture, options?: ClassifyOptions): Promise<Reading>;
  read(pictures: readonly Picture[], options?: ClassifyOptions): Promise<Reading[]>;
  async read(pictures: Picture | readonly Picture[], options: ClassifyOptions = {}): Promise<Reading | Reading[]> {
    const readings = await this.#track("read", () => this.#readAll(listOf(pictures), options, "read"));
    return isList(pictures) ? readings : readings[0]!;
  }

  /** A picture as the model sees it: height × width (× 3) bytes, the same on every side for the same PNG file. */
  pixels(picture: Picture): Promise<Uint8Array> {
    return this.#track("pixels", () => this.#parts.engine.pixels(picture));
  }

  /**
   * The graph's outputs for `batch` inputs that are pixels already, as evaluation needs them.
   *
   * pixels: [batch, height, width] or [batch, height, width, 3] uint8.   returns: [batch, labels], [batch, labels] and [batch] float32.
   * @throws TensorShapeError
   */
  run(pixels: Uint8Array, batch: number): Promise<Outputs> {
    return this.#track("run", async () => {
      const size = bytesOfInput(this.manifest);
      const [, ...shape] = this.manifest.input.shape;
      if (Object.prototype.toString.call(pixels) !== "[object Uint8Array]")
        throw new TensorShapeError(Object.prototype.toString.call(pixels).slice(8, -1), "a Uint8Array");
      checkCount("batch", batch);
      if (pixels.length !== batch * size)
        throw new TensorShapeError(
          `${pixels.length} bytes`,
          `[${[batch, ...shape].join(", ")}] uint8, which is ${batch * size}`,
        );
      return this.#runInBatches(pixels, batch);
    });
  }

  /** Waits for what is under way, then lets go of the session. Again is harmless. */
  dispose(): Promise<void> {
    this.#disposal ??= Promise.allSettled(this.#underWay).then(() => this.#parts.engine.release());
    return this.#disposal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #track<T>(call: string, work: () => Promise<T>): Promise<T> {
    if (this.#disposal !== undefined) throw new DisposedError(call);
    const result = work();
    this.#underWay.add(result);
    try {
      return await result;
    } finally {
      this.#underWay.delete(result);
    }
  }

  async #readAll(
    { items, many }: { items: readonly Picture[]; many: boolean },
    options: ClassifyOptions,
    call: string,
  ): Promise<Reading[]> {
    checkOptions(call, options, ["topK"]);
    const { topK = 1 } = options;
    checkCount("topK", topK);
    if (items.length === 0) return [];

    const prepare = (picture: Picture) => this.#parts.engine.pixels(picture);
    const inputs = many ? await mapInOrder(items, PREPARE_LANES, prepare) : [await prepare(items[0]!)];
    const size = bytesOfInput(this.manifest);
    const pixels = new Uint8Array(inputs.length * size);
    for (const [place, input] of inputs.entries()) pixels.set(input, place * size);
    const { probabilities, confidence } = await this.#runInBatches(pixels, inputs.length);

    const classes = this.labels.length;
    return inputs.map((input, place) => ({
      candidates: this.#best(probabilities.subarray(place * classes, (place + 1) * classes), topK),
      confidence: confidence[place]!,
      rejected: confidence[place]! < this.manifest.reject.threshold,
      pixels: input,
    }));
  }

  async #runInBatches(pixels: Uint8Array, total: number): Promise<Outputs> {
    const { engine, maxBatch, breathe } = this.#parts;
    if (total <= maxBatch) return engine.run(pixels, total);

    const size = bytesOfInput(this.manifest);
    const classes = this.labels.length;
    const all = {
      logits: new Float32Array(total * classes),
      probabilities: new Float32Array(total * classes),
      confidence: new Float32Array(total),
    };
    for (let first = 0; first < total; first += maxBatch) {
      if (first > 0) await breathe?.();
      const count = Math.min(maxBatch, total - first);
      const part = await engine.run(pixels.subarray(first * size, (first + count) * size), count);
      all.logits.set(part.logits, first * classes);
      all.probabilities.set(part.probabilities, first * classes);
      all.confidence.set(part.confidence, first);
    }
    return all;
  }

  /** Equal scores keep the order of the labels. */
  #best(probabilities: Float32Array, topK: number): Candidate[] {
    return Array.from(probabilities, (score, index) => ({ label: this.labels[index]!, score, index }))
      .sort((a, b) => b.score - a.score)
      .slice(0, topK);
  }
}

const isList = <T>(value: T | readonly T[]): value is readonly T[] => Array.isArray(value);

const listOf = <T>(value: T | readonly T[]): { items: readonly T[]; many: boolean } =>
  isList(value) ? { items: value, many: true } : { items: [value], many: false };
