import { type FileDigest, ModelMismatchError } from "./errors.ts";
import { type Manifest, MODEL_FILE, readManifest } from "./manifest.ts";

export interface Progress {
  readonly file: string;
  readonly loaded: number;
  readonly total: number;
}

/** A version folder, wherever it is; handed in by the side that can read it. */
export interface ModelFolder {
  /** What errors call it. */
  readonly where: string;
  readText(file: string): Promise<string>;
  readBytes(file: string, total: number, onProgress: (progress: Progress) => void): Promise<Uint8Array>;
  sha256(bytes: Uint8Array): Promise<string>;
}

export interface FetchedModel {
  readonly manifest: Manifest;
  /** Verified against the manifest. */
  readonly model: Uint8Array;
}

/**
 * Reads the manifest, then the model it describes.
 *
 * @throws ManifestError
 * @throws ModelMismatchError when the model's size or SHA-256 is another
 */
export async function fetchModel(
  folder: ModelFolder,
  onProgress: (progress: Progress) => void = () => {},
): Promise<FetchedModel> {
  const manifest = readManifest(await folder.readText("manifest.json"), `${folder.where}/manifest.json`);
  const expected = manifest.files[MODEL_FILE]!;
  const model = await folder.readBytes(MODEL_FILE, expected.bytes, onProgress);
  const found: FileDigest = { sha256: await folder.sha256(model), bytes: model.length };
  if (found.sha256 !== expected.sha256 || found.bytes !== expected.bytes)
    throw new ModelMismatchError(`${folder.where}/${MODEL_FILE}`, found, expected);
  return { manifest, model };
}
