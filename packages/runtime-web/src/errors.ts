import { RuntimeError } from "@glyphcast/runtime";

/** The page may not compute SHA-256, so a model could not be checked. */
export class InsecureContextError extends RuntimeError {
  override readonly name = "InsecureContextError";
  readonly code = "INSECURE_CONTEXT";
  readonly origin: string;
  constructor(origin: string) {
    super(
      `${origin} is not a secure context, and there browsers offer no crypto.subtle to check the model's SHA-256 with.\n` +
        "  Serve the page over https, or from localhost.",
    );
    this.origin = origin;
  }
}

/** ONNX Runtime's own WebAssembly could not be loaded. */
export class WasmLoadError extends RuntimeError {
  override readonly name = "WasmLoadError";
  readonly code = "WASM_LOAD";
  constructor(reason: string, options?: ErrorOptions) {
    super(
      `ONNX Runtime's .wasm file did not load: ${reason}\n` +
        "  Bundlers take it along by themselves, but for Vite up to 7 in development, which needs\n" +
        '  optimizeDeps: { exclude: ["onnxruntime-web"] }. Elsewhere, serve the files of onnxruntime-web/dist and pass\n' +
        '  their place: load(url, { wasmPaths: "/ort/" }).',
      options,
    );
  }
}
