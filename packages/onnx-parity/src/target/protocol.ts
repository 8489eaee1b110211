import type { Tensor } from "@glyphcast/onnx";

/** What a target is asked: always the one session it has open. */
export type Request =
  | { readonly kind: "describe" }
  | {
      readonly kind: "open";
      /** Its bytes, or for what reads files itself its path. */
      readonly model: Uint8Array | string;
      /** What the model keeps in other files, for what cannot read them. */
      readonly external?: readonly { readonly path: string; readonly data: Uint8Array }[];
      readonly profile?: boolean;
      readonly optimise?: boolean;
    }
  | { readonly kind: "run"; readonly feeds: Feeds }
  | { readonly kind: "close" };

/** Tensors by the names of a model's inputs or outputs. */
export type Feeds = Readonly<Record<string, Tensor>>;

/** An input or output as the runtime describes it. `dtype` is absent where it is no tensor. */
export interface Port {
  readonly name: string;
  readonly dtype?: string;
  /** Open dimensions have a name, which may be empty. */
  readonly shape?: readonly (number | string)[];
}

export interface Opened {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** How many nodes of each operator ran on each execution provider: `{ CPUExecutionProvider: { Conv: 4 } }`. */
export type Placement = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What the answers come from: "onnxruntime-web 1.30.0", its threads, the browser, the adapter. */
export type Environment = Readonly<Record<string, string | number | boolean>>;

export interface Replies {
  readonly describe: Environment;
  readonly open: Opened;
  readonly run: Feeds;
  readonly close: { readonly placement?: Placement };
}

export type Reply<Kind extends Request["kind"]> =
  | { readonly value: Replies[Kind]; readonly refused?: undefined; readonly broken?: undefined }
  /** The runtime's own message. */
  | { readonly refused: string /** The runtime cannot be used any longer. */; readonly broken: boolean };
