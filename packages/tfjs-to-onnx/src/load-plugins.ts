import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isObject } from "./config.ts";
import { type Plugin, PluginError } from "./plugin.ts";

/** Loads plug-ins: modules whose default export is one, or a list. @throws PluginError */
export async function loadPlugins(paths: readonly string[]): Promise<readonly Plugin[]> {
  const loaded: Plugin[] = [];
  for (const path of paths) {
    const module = await import(pathToFileURL(resolve(path)).href).catch((cause: unknown) => {
      throw new PluginError(`"${path}"`, `It cannot be loaded: ${cause instanceof Error ? cause.message : cause}`, {
        cause,
      });
    });
    const plugins = [module.default].flat() as unknown[];
    for (const plugin of plugins) if (!isPlugin(plugin)) throw new PluginError(`"${path}"`, NOT_ONE);
    loaded.push(...(plugins as Plugin[]));
  }
  return loaded;
}

const isPlugin = (value: unknown): value is Plugin =>
  isObject(value) && typeof value.className === "string" && typeof value.build === "function";

const NOT_ONE =
  "Its default export is no plug-in, nor a list of them.\n" +
  '  export default { className: "Square", build: (graph, config, weights, [x]) => graph.op("Mul", [x, x]) };';
