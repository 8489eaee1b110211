import type {} from "vitest/browser";

/** What `commands.nodeAnswers` returns. Bytes are base64. */
export interface NodeAnswers {
  readonly provider: string;
  /** MNIST's test images as they stand in the file: 10,000 × 28 × 28 uint8. */
  readonly images: string;
  /** [10,000, 10] float32, little-endian. */
  readonly probabilities: string;
  /** Of each picture file the 28 × 28 bytes that models/digits sees, and its probabilities. */
  readonly pictures: PictureAnswers;
  /** The same of test/fixtures/models/colours, which sees 16 × 20 × 3. */
  readonly inColour: PictureAnswers;
}

/** By the file's name. */
export type PictureAnswers = Readonly<Record<string, { readonly pixels: string; readonly probabilities: string }>>;

declare module "vitest/browser" {
  interface BrowserCommands {
    /** What onnxruntime-node answers on the parity tests' inputs. */
    nodeAnswers(): Promise<NodeAnswers>;
  }
}
