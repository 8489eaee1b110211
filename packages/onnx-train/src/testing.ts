// What the tests share: onnxruntime without its telemetry, loaded once.
import process from "node:process";
import type { OnnxRuntime } from "./train-session.ts";

process.env.ORT_DISABLE_TELEMETRY = "1";

export const ort = (await import("onnxruntime-node")) as unknown as OnnxRuntime;
