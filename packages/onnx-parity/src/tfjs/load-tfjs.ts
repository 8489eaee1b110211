import { importPeer } from "../peers.ts";

export interface Tfjs {
  readonly core: typeof import("@tensorflow/tfjs-core");
  /** "TF.js 4.22.0", or with its native backend "tfjs-node 4.22.0". */
  readonly library: string;
}

/**
 * TF.js with its cpu backend, or its native one where that is installed.
 * @throws Error which of its packages cannot be loaded.
 */
export async function loadTfjs(): Promise<Tfjs> {
  const core = await importPeer("@tensorflow/tfjs-core", () => import("@tensorflow/tfjs-core"));
  core.enableProdMode();
  const name = (await setNativeBackend(core)) ? "tfjs-node" : "TF.js";
  if (name === "TF.js") {
    await importPeer("@tensorflow/tfjs-backend-cpu", () => import("@tensorflow/tfjs-backend-cpu"));
    await core.setBackend("cpu");
  }
  return { core, library: `${name} ${core.version_core}` };
}

/** Its binary is often not there, and breaks on the newest versions of Node. */
async function setNativeBackend(core: Tfjs["core"]): Promise<boolean> {
  const native = "@tensorflow/tfjs-node";
  try {
    await importPeer(native, () => import(native));
    return await core.setBackend("tensorflow");
  } catch {
    return false;
  }
}
