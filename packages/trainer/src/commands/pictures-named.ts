import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { UsageError } from "../errors.ts";
import type { Io } from "../io.ts";

/** What is looked for in folders. */
const PICTURES = "**/*.{png,jpg,jpeg,webp,gif}";

export interface NamedPictures {
  readonly image?: readonly string[] | undefined;
  /** Standard input names more, a path to a line. */
  readonly stdin: boolean;
}

/**
 * The picture files that arguments mean: files as they are, all pictures of folders, what globs match, and the lines of
 * standard input where that is asked for.
 *
 * @throws UsageError when nothing is named, and for a folder, glob or list without pictures.
 */
export async function picturesNamed({ image = [], stdin }: NamedPictures, io: Io): Promise<string[]> {
  if (image.length === 0 && !stdin)
    throw new UsageError("No pictures are named: give files, folders, globs or --stdin.");
  const found: string[] = [];
  const add = (name: string, pictures: readonly string[]): void => {
    if (pictures.length === 0) throw new UsageError(`${name} names no pictures.`);
    found.push(...pictures);
  };
  for (const name of image) add(`"${name}"`, await picturesOf(name, io.cwd));
  if (stdin) add("Standard input", await linesOf(io.stdin));
  return found;
}

async function picturesOf(name: string, cwd: string): Promise<string[]> {
  const entry = await stat(resolve(cwd, name)).catch(() => undefined);
  const matching = async (pattern: string, folder: string): Promise<string[]> =>
    (await glob(pattern, { cwd: folder, caseSensitiveMatch: false, expandDirectories: false })).sort();
  if (entry?.isDirectory()) return (await matching(PICTURES, resolve(cwd, name))).map((path) => join(name, path));
  // A file may be called like a pattern; one that is missing is told of when it is read.
  return entry === undefined && isDynamicPattern(name) ? matching(name, cwd) : [name];
}

async function linesOf(stdin: Io["stdin"]): Promise<string[]> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stdin) text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
