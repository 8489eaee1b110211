import { existsSync, readdirSync } from "node:fs";
import { defineConfig } from "tsdown";

/** Builds each package's `src/index.ts`, `src/cli.ts` and `src/*.worker.ts`, whichever it has, into its `dist/`. */
const entriesOf = (name: string): string[] =>
  readdirSync(`packages/${name}/src`).filter((file) => /^(index|cli|.+\.worker)\.ts$/.test(file));

const built = readdirSync("packages").filter((name) => name !== "site" && existsSync(`packages/${name}/src/index.ts`));

export default defineConfig(
  built.map((name) => ({
    name,
    cwd: `packages/${name}`,
    entry: entriesOf(name).map((file) => `src/${file}`),
    format: "esm" as const,
    platform: "neutral" as const,
    target: "node20.19",
    dts: { oxc: true },
    fixedExtension: false,
    tsconfig: "../../tsconfig.base.json",
    external: [/^[^./]/],
    logLevel: "warn" as const,
  })),
);
