export type Tfjs = typeof import("@tensorflow/tfjs-core") & typeof import("@tensorflow/tfjs-layers");

/** TF.js on its plain JavaScript backend: it builds, saves and checks models here, and trains none. */
export async function loadTfjs(): Promise<Tfjs> {
  const [core, layers] = await Promise.all([
    import("@tensorflow/tfjs-core"),
    import("@tensorflow/tfjs-layers"),
    import("@tensorflow/tfjs-backend-cpu"),
  ]);
  // Production mode leaves out the advice, on standard error, to install tfjs-node.
  core.enableProdMode();
  await core.setBackend("cpu");
  return { ...core, ...layers };
}
