import {
  DeviceUnavailableError,
  type InferenceError,
  type InsecureContextError,
  type ManifestError,
  type ModelContractError,
  type ModelMismatchError,
  type ModelNotFoundError,
  type PictureCode,
  RuntimeError,
  type WasmLoadError,
} from "@glyphcast/runtime-web";

/** An error for people who did not write the page; `details` is for those who did. */
export interface Trouble {
  readonly title: string;
  readonly advice: string;
  readonly details: string;
}

/** What can go wrong here. `load` and `read` have more errors, for options that this page does not pass. */
type Code =
  | (ModelNotFoundError | ManifestError | ModelMismatchError | ModelContractError)["code"]
  | (InsecureContextError | WasmLoadError | InferenceError)["code"]
  | PictureCode;

const WORDS: { readonly [C in Code]: readonly [title: string, advice: string] } = {
  MODEL_NOT_FOUND: [
    "The model is not there.",
    "The page itself is fine, but its server did not hand over the model. It belongs beside the page, in digits/1; in the repository that is models/digits/1.",
  ],
  MANIFEST_INVALID: ["The model cannot be used.", "The file that describes it is damaged or of another version."],
  MODEL_MISMATCH: [
    "The model is not the one it should be.",
    "Its checksum differs, so it is not run. Reload the page; if that does not help, it was copied incompletely to the server.",
  ],
  MODEL_CONTRACT: ["The model cannot be used.", "It and the file that describes it do not belong together."],
  INSECURE_CONTEXT: [
    "This address is not secure.",
    "Browsers only let pages check what they load over https or on localhost. Open the page under such an address.",
  ],
  WASM_LOAD: [
    "ONNX Runtime did not load.",
    "The connection may have broken off, or the browser does not allow WebAssembly. Reload the page, in a current browser.",
  ],
  INFERENCE_FAILED: ["The model failed to run.", "The device may be short of memory: close other tabs and try again."],
  PICTURE_EMPTY: ["This picture is empty.", "Choose another one."],
  PICTURE_UNSUPPORTED: ["This file cannot be read.", "Choose a PNG, JPEG, WebP or GIF picture."],
  PICTURE_TRUNCATED: ["This picture is incomplete.", "Its end is missing. Copy or download it again."],
  PICTURE_TOO_LARGE: ["This picture is too large.", "Make it smaller: 4096 × 4096 pixels are the most."],
  PICTURE_UNREADABLE: [
    "This picture cannot be read.",
    "It seems damaged. Open it in an image editor and save it anew.",
  ],
};

export function inPlainWords(error: unknown): Trouble {
  const details = error instanceof Error ? error.message : String(error);
  const code = error instanceof RuntimeError ? error.code : "";
  const [title, advice] = code in WORDS ? WORDS[code as Code] : ["Something went wrong.", "Reload the page."];
  return { title, advice, details };
}

/** Why a device does not run the model, in a sentence. */
export function whyNot(device: "wasm" | "webgpu", error: unknown): string {
  const name = device === "webgpu" ? "WebGPU" : "WASM";
  if (error instanceof DeviceUnavailableError) return `${name} is not available: ${error.reason}.`;
  return `${name} did not start: ${inPlainWords(error).title}`;
}
