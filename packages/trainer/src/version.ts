import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** This package's version. */
export const version: string = require("../package.json").version;

/** The version of an installed dependency, or undefined when its manifest cannot be read. */
export function versionOf(dependency: string): string | undefined {
  try {
    return require(`${dependency}/package.json`).version;
  } catch {
    return undefined;
  }
}
