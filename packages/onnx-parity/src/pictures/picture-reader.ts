/** What the model is given for a picture, or why it is given nothing. */
export type Pixels =
  | { readonly pixels: Uint8Array; readonly refused?: undefined }
  | {
      readonly pixels?: undefined;
      /** The error's code, as in "PICTURE_UNREADABLE": the same on all sides for the same reason. */
      readonly refused: string;
      readonly message: string;
    };

/** Decodes and prepares pictures as one of Glyphcast's runtimes does. */
export interface PictureReader {
  /** "sharp, Node 20.20.2" */
  readonly name: string;
  read(path: string): Promise<Pixels>;
  close(): Promise<void>;
}
