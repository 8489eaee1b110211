import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { DecodeError, type ExternalData, externalDataOf } from "@glyphcast/onnx";
import { ExternalDataError, FileError } from "../errors.ts";

/** A model, and the files that it keeps weights in. */
export interface ModelFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Absent where the model came as bytes. */
  readonly path?: string;
  readonly external: readonly ExternalFile[];
}

/** A file beside a model: where the model says that it is, and where that is here. */
export interface ExternalFile {
  readonly location: string;
  readonly path: string;
}

/**
 * Reads a model and finds its external data; that is not read yet, for it may be large.
 * @throws FileError when there is no such file.
 * @throws ExternalDataError when a file that it names is missing, too short, or not in its folder.
 */
export async function modelFrom(model: Uint8Array | string): Promise<ModelFile> {
  const named = typeof model === "string" ? { path: model, name: basename(model) } : { name: "model" };
  const bytes = typeof model === "string" ? await bytesOf(model) : model;
  const places = new Map<string, ExternalData[]>();
  for (const place of placesIn(bytes)) {
    const same = places.get(place.location);
    if (same) same.push(place);
    else places.set(place.location, [place]);
  }
  const external: ExternalFile[] = [];
  for (const [location, tensors] of places) external.push(await externalFile(named, location, tensors));
  return { ...named, bytes, external };
}

/** Runtimes say in their own words what is wrong with bytes that are no model. */
function placesIn(bytes: Uint8Array): readonly ExternalData[] {
  try {
    return externalDataOf(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return [];
    throw error;
  }
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    const { buffer, byteOffset, length } = await readFile(path);
    return new Uint8Array(buffer, byteOffset, length);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new FileError(path, code === "ENOENT" ? "there is no such file." : message, { cause });
  }
}

async function externalFile(
  { path: model, name }: { readonly path?: string; readonly name: string },
  location: string,
  tensors: readonly ExternalData[],
): Promise<ExternalFile> {
  const [{ tensor }] = tensors as [ExternalData];
  const refuse = (reason: string, cause?: unknown): never => {
    throw new ExternalDataError({ model: model ?? name, tensor, location }, reason, { cause });
  };
  if (model === undefined) return refuse("Only the model's bytes were given: give its path, and that file beside it.");
  if (isAbsolute(location) || /^[a-z]:|\\/i.test(location))
    return refuse("Its place has to be given from the model's folder, with / between.");
  const path = join(dirname(model), location);
  const folder = await realpath(dirname(model));
  const real = await realpath(path).catch((cause) => refuse("There is no such file beside the model.", cause));
  // A model that came from elsewhere does not choose which files of this machine are read.
  if (/^\.\.([/\\]|$)/.test(relative(folder, real)) || isAbsolute(relative(folder, real)))
    return refuse("That is outside of the model's folder.");
  const { size } = await stat(real);
  const end = Math.max(...tensors.map(({ offset, length = 0 }) => offset + length));
  if (end > size) return refuse(`It ends after ${size} bytes, and the model reads it up to ${end}.`);
  return { location, path };
}

/** The contents of a model's other files, by their locations. */
export async function readExternal({ external }: ModelFile): Promise<ReadonlyMap<string, Uint8Array>> {
  const entries = external.map(async ({ location, path }) => [location, await bytesOf(path)] as const);
  return new Map(await Promise.all(entries));
}

/** SHA-256 of each of a model's other files, without holding it in memory. */
export async function hashExternal({ external }: ModelFile): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const { location, path } of external) {
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash);
    hashes[location] = hash.digest("hex");
  }
  return hashes;
}
