import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { building } from "../../scripts/bootstrap/build.mjs";
import { npmProgram } from "../../scripts/bootstrap/npm-programs.mjs";
import { isDone } from "../../scripts/bootstrap/stamp.mjs";
import { publicPackages } from "../../scripts/bootstrap/workspace.mjs";

export type Packed = {
  name: string;
  /** Relative to the repository's root. */
  folder: string;
  tarball: string;
  /** What the tarball holds, as paths relative to the package. */
  files: string[];
};

/** Packs every public package as `npm publish` would. */
export const packAll = (root: string, destination: string): Packed[] => {
  if (!isDone(building(root))) throw new Error("dist/ is older than the sources. Run `npm run setup` first.");
  mkdirSync(destination, { recursive: true });
  const folders = publicPackages(root);
  const { file, args } = npmProgram("npm", [
    ...["pack", "--json", "--ignore-scripts", "--loglevel=error", "--pack-destination", destination],
    ...folders.map((folder) => `./${folder}`),
  ]);
  const packed = JSON.parse(execFileSync(file, args, { cwd: root, encoding: "utf8" })) as {
    name: string;
    filename: string;
    files: { path: string }[];
  }[];
  return packed.map(({ name, filename, files }, place) => ({
    name,
    folder: folders[place]!,
    tarball: join(destination, filename),
    files: files.map(({ path }) => path).sort(),
  }));
};
