import type {} from "vitest/browser";

/** What `commands.nodeAnswers` returns. Bytes are base64. */
export interface NodeAnswers {
  readonly provider: string;
  /** MNIST's test images as they stand in the file: 10,000 × 28 × 28 uint8. */
  readonly images: string;
  /** [10,000, 10] float32, little-endian. */
  readonly probabilities: string;
  /** Of each picture file, by name, the 28 × 28 bytes that the model sees and its probabilities. */
  readonly pictures: Readonly<Record<string, { readonly pixels: string; readonly probabilities: string }>>;
}

declare module "vitest/browser" {
  interface BrowserCommands {
    /** What onnxruntime-node answers on the parity tests' inputs. */
    nodeAnswers(): Promise<NodeAnswers>;
  }
}
