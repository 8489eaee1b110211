import { isAbsolute, relative, sep } from "node:path";

/** A path as one would type it from `cwd`: relative where it lies below, with "/" on every system. */
export function typedPath(path: string, cwd: string): string {
  const below = relative(cwd, path);
  const typed = below.startsWith("..") || isAbsolute(below) || below === "" ? path : below;
  return sep === "/" ? typed : typed.replaceAll(sep, "/");
}
