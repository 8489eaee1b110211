import type { Augmentation } from "../augment/augment.ts";

/**
 * Everything that decides how a network turns out, apart from the data and the seed: as plain data, so that a
 * manifest can carry it and another recipe is another file.
 */
export interface Recipe {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  readonly network: readonly Block[];
  readonly epochs: number;
  /**
   * Pictures are freed of an uneven background before they are read, once trained: the side, in pixels, of a square that
   * no stroke fills. Meant for bright ink on black paper, which it leaves as it is.
   */
  readonly background?: number;
  /**
   * Pictures are read, once trained, as they are and moved by so many pixels up, down, left and right, and the five
   * answer together: five times the work. Of pictures only whose 0 is paper. Default 0: no such thing.
   */
  readonly shifts?: number;
  /** So many networks, of this seed and the next ones, answer together; each is trained as if it were alone. Default 1. */
  readonly networks?: number;
  readonly batchSize: number;
  readonly schedule: OneCycle;
  /** AdamW's decoupled decay per unit of learning rate, on kernels only. */
  readonly weightDecay: number;
  readonly labelSmoothing: number;
  /** Weights are averaged over about 1 / (1 − decay) steps, and the average is what is kept. */
  readonly ema: { readonly decay: number };
  readonly augmentation: Augmentation;
  /**
   * Whether the model is at last read on damaged and placed test pictures too: sixteen times as many, a minute or more.
   * Of grey pictures only, 0 = paper.
   */
  readonly stress?: boolean;
}

/** The learning rate climbs linearly to its peak, then falls along a cosine. */
export interface OneCycle {
  readonly kind: "one-cycle";
  readonly peak: number;
  /** The fraction of all steps spent climbing. */
  readonly warmUp: number;
}

export type Block = ConvBlock | AverageBlock | DenseBlock;

/** Convolution without bias, batch normalisation, max-pooling where asked for, ReLU. */
export interface ConvBlock {
  readonly kind: "conv";
  readonly filters: number;
  readonly kernel: number;
  readonly stride?: number;
  /** Default "same". */
  readonly padding?: "same" | "valid";
  readonly pool?: number;
}

/** The mean of each channel over all of the picture, so that its size does not matter to what follows. */
export interface AverageBlock {
  readonly kind: "global-average";
}

/** All inputs to one score per class: the last block. */
export interface DenseBlock {
  readonly kind: "dense";
  readonly units: "classes";
}
