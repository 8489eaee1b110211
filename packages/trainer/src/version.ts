import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

/** This package's version. */
export const version: string = require("../package.json").version;

/** Of what a run's result may depend on, apart from its recipe, seed and data. */
export function libraryVersions(): Record<string, string> {
  const libraries = ["onnxruntime-node", "onnxruntime-web", "@tensorflow/tfjs-layers"];
  return { glyphcast: version, ...Object.fromEntries(libraries.map((name) => [name, versionOf(name)])) };
}

/** Each of these has its entry in a folder `dist`; not each exports its package.json. */
const versionOf = (library: string): string =>
  require(join(dirname(require.resolve(library)), "..", "package.json")).version;
