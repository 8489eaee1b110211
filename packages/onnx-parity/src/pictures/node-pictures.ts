import process from "node:process";
import { PicturesError, UnavailableError } from "../errors.ts";
import { importPeer } from "../peers.ts";
import type { PictureReader } from "./picture-reader.ts";

/** The part of a manifest that says what the graph is given. */
export interface PixelsInput {
  readonly name: string;
  /** The batch's name, height, width, and 3 for colours. */
  readonly shape: readonly (string | number)[];
}

/**
 * Pictures as `@glyphcast/runtime-node` reads them. folder: of a model and its manifest.
 * @throws UnavailableError when that package is not installed.
 * @throws PicturesError when the folder holds no model of Glyphcast's.
 */
export async function openNodePictures(folder: string): Promise<PictureReader & { readonly input: PixelsInput }> {
  const { load } = await importPeer("@glyphcast/runtime-node", () => import("@glyphcast/runtime-node")).catch(
    (cause) => {
      throw new UnavailableError("--images", `${cause.message}\n  Install it: npm install @glyphcast/runtime-node`, {
        cause,
      });
    },
  );
  const model = await load(folder, { device: "cpu" }).catch((cause: Error) => {
    throw new PicturesError(`${folder}: ${cause.message}`, { cause });
  });
  return {
    name: `sharp, Node ${process.versions.node}`,
    input: model.manifest.input,
    async read(path) {
      try {
        return { pixels: await model.pixels(path) };
      } catch (error) {
        const { code = "UNKNOWN", message } = error as NodeJS.ErrnoException;
        return { refused: code, message };
      }
    },
    close: () => model.dispose(),
  };
}
