import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { EngineMissingError } from "../errors.ts";
import { loadTfjs, type Tfjs } from "../model/tfjs.ts";
import { threads } from "../onnxruntime.ts";

/** What TF.js computes on. */
export interface TfjsBackend {
  readonly tf: Tfjs;
  readonly backend: "tensorflow" | "cpu";
  /** Name and version. */
  readonly name: string;
  readonly threads: number;
}

const TFJS_NODE = "@tensorflow/tfjs-node";
/** The release that fits the TF.js here, and the last one. */
const VERSION = "4.22.0";
/** From here on Node lacks what it calls (util.isNullOrUndefined), which shows only in the middle of a step. */
const FIRST_NODE_WITHOUT = 23;

/**
 * TF.js on tfjs-node; with `force`, on its plain JavaScript where that does not load.
 *
 * @param from the module to look for tfjs-node from.
 * @throws EngineMissingError that says why it does not load, and what installs it.
 */
export async function openTfjsBackend({
  force,
  from = import.meta.url,
}: {
  force: boolean;
  from?: string;
}): Promise<TfjsBackend> {
  const tf = await loadTfjs();
  try {
    return { tf, backend: "tensorflow", name: `tfjs-node ${loadTfjsNode(from)}`, threads: threads() };
  } catch (cause) {
    if (!force) throw new EngineMissingError(TFJS_NODE, reasonFor(cause), installCommand(from), cause);
    return { tf, backend: "cpu", name: `TF.js cpu ${tf.version_core}`, threads: 1 };
  }
}

/** Registers its backend with the one TF.js of this process, and returns its version. */
function loadTfjsNode(from: string): string {
  const require = createRequire(from);
  const { version } = require(`${TFJS_NODE}/package.json`);
  if (Number.parseInt(process.versions.node, 10) >= FIRST_NODE_WITHOUT)
    throw new Error(`it needs Node 18 to 22, and this is Node ${process.versions.node}`);
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2"; // or it tells its processor flags on standard error
  require(TFJS_NODE);
  return version;
}

function reasonFor(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "MODULE_NOT_FOUND" && message.includes(`'${TFJS_NODE}/package.json'`)) return "it is not installed";
  return message.split("\n")[0]!.trim();
}

/** For a project that uses glyphcast, or for glyphcast's own repository. */
const installCommand = (from: string): string =>
  /[\\/]node_modules[\\/]/.test(fileURLToPath(from))
    ? `npm install ${TFJS_NODE}@${VERSION}`
    : `npx pnpm add --workspace-root --allow-build=${TFJS_NODE} ${TFJS_NODE}@${VERSION}`;
