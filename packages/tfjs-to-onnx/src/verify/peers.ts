import process from "node:process";
import { TfjsError } from "../errors.ts";

type Core = typeof import("@tensorflow/tfjs-core");
type Layers = typeof import("@tensorflow/tfjs-layers");
type Converter = typeof import("@tensorflow/tfjs-converter");
type Onnxruntime = typeof import("onnxruntime-node");

/** What verification runs the two models with: optional peers, since converting needs none of them. */
export interface Peers {
  readonly core: Core;
  readonly layers: Layers;
  readonly converter: Converter;
  readonly ort: Onnxruntime;
}

/** Verification was asked for, and what it runs is not installed. */
export class MissingPeersError extends TfjsError {
  readonly packages: readonly string[];

  constructor(packages: readonly string[], cause: unknown) {
    super(
      "TFJS_MISSING_PEERS",
      `Verification runs TF.js and onnxruntime, and ${packages.join(", ")} cannot be loaded.\n` +
        `  Install what is missing:  npm install ${packages.join(" ")}\n` +
        "  or convert without comparing:  --no-verify",
      { cause },
    );
    this.packages = packages;
  }
}

type Loaders = Readonly<Record<string, () => Promise<unknown>>>;

const LOADERS: Loaders = {
  "@tensorflow/tfjs-core": () => import("@tensorflow/tfjs-core"),
  "@tensorflow/tfjs-backend-cpu": () => import("@tensorflow/tfjs-backend-cpu"),
  "@tensorflow/tfjs-layers": () => import("@tensorflow/tfjs-layers"),
  "@tensorflow/tfjs-converter": () => import("@tensorflow/tfjs-converter"),
  "onnxruntime-node": () => import("onnxruntime-node"),
};

/**
 * Loads TF.js with its cpu backend, and onnxruntime.
 * @throws MissingPeersError with all that cannot be loaded
 */
export async function loadPeers(loaders: Loaders = LOADERS): Promise<Peers> {
  // onnxruntime reads this when it is first loaded; a converter reports home for nobody.
  process.env.ORT_DISABLE_TELEMETRY ??= "1";
  const loaded = await Promise.allSettled(Object.values(loaders).map((load) => load()));
  const missing = Object.keys(loaders).filter((_, i) => loaded[i]!.status === "rejected");
  const failed = loaded.find((result) => result.status === "rejected");
  if (failed) throw new MissingPeersError(missing, failed.reason);
  const modules = loaded.map((result) => result.status === "fulfilled" && result.value);
  const [core, , layers, converter, ort] = modules as [Core, unknown, Layers, Converter, Onnxruntime];
  return { core, layers, converter, ort };
}
