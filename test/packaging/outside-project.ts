import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Manifest } from "../../scripts/bootstrap/workspace.mjs";
import type { Packed } from "./pack.ts";

/** Both ways in which a TypeScript project of today finds its modules. */
const RESOLUTIONS = {
  nodenext: { module: "nodenext", moduleResolution: "nodenext" },
  bundler: { module: "esnext", moduleResolution: "bundler" },
};

/**
 * A project in `folder` that has the tarballs installed, and an index.ts that imports every package.
 *
 * Each package gets exactly the third-party packages it declares, as links into this repository's: nothing is
 * downloaded, and what is used but not declared is not found.
 */
export const makeOutsideProject = (root: string, folder: string, packages: Packed[]): void => {
  for (const { name, folder: source, tarball } of packages) {
    const installed = join(folder, "node_modules", name);
    mkdirSync(installed, { recursive: true });
    execFileSync("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
    const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as Manifest;
    for (const dependency of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
      if (packages.some((other) => other.name === dependency)) continue;
      link(join(root, source, "node_modules", dependency), join(installed, "node_modules", dependency));
    }
  }
  link(join(root, "node_modules/@types/node"), join(folder, "node_modules/@types/node"));

  const lines = packages.map(({ name }, place) => `import * as package${place} from "${name}";`);
  const names = packages.map(({ name }, place) => `  "${name}": Object.keys(package${place}),`);
  writeFileSync(
    join(folder, "index.ts"),
    `${lines.join("\n")}\n\nconsole.log(JSON.stringify({\n${names.join("\n")}\n}));\n`,
  );
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  for (const [name, resolution] of Object.entries(RESOLUTIONS)) {
    const compilerOptions = {
      ...{ strict: true, target: "ES2023", lib: ["ES2023", "DOM", "DOM.Iterable"], types: ["node"] },
      ...{ skipLibCheck: false, outDir: `built-${name}`, ...resolution },
    };
    writeFileSync(join(folder, `tsconfig.${name}.json`), JSON.stringify({ compilerOptions, files: ["index.ts"] }));
  }
};

/** Optional peers are not there to be linked. */
const link = (from: string, to: string): void => {
  if (!existsSync(from)) return;
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(realpathSync(from), to, "junction");
};
