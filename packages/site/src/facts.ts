import type { Model, Picture, Provider } from "@glyphcast/runtime-web";
import { byId } from "./dom.ts";

/** The foot of the page: what runs the model, how fast, and how good it is. */
export interface Facts {
  showModel(model: Model<Picture>): void;
  /** From the drawing to its answer. */
  showTime(milliseconds: number): void;
}

/** The median of so many is steady, and follows a change of device within a stroke. */
const KEPT = 15;

export function createFacts(): Facts {
  const provider = byId("provider", HTMLElement);
  const speed = byId("speed", HTMLElement);
  const model = byId("model", HTMLElement);
  let times: number[] = [];

  return {
    showModel({ manifest, provider: running }) {
      const { name, version, metrics } = manifest;
      provider.textContent = nameOf(running);
      model.textContent = `${name} ${version}, ${percent(metrics.testAccuracy)} of ${count(metrics.dataset.images)} test images`;
      speed.textContent = "–";
      times = [];
    },
    showTime(milliseconds) {
      times = [...times.slice(1 - KEPT), milliseconds];
      speed.textContent = `${times.toSorted((a, b) => a - b)[times.length >> 1]!.toFixed(1)} ms`;
    },
  };
}

const nameOf = ({ name, threads }: Provider): string =>
  name === "webgpu" ? "WebGPU" : `WASM, ${threads} ${threads === 1 ? "thread" : "threads"}`;

const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`;
const count = (number: number): string => number.toLocaleString("en");
