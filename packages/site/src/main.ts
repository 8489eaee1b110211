import { EmptyDrawingError, InferenceError, load, type Model, type Picture } from "@glyphcast/runtime-web";
import { createAnnouncer } from "./announcer.ts";
import { byId } from "./dom.ts";
import { createDrawing } from "./drawing.ts";
import { createFacts } from "./facts.ts";
import { useKeyboard } from "./keyboard-pen.ts";
import { latestOnly } from "./latest-only.ts";
import { createNotices } from "./notices.ts";
import { createPanel } from "./panel.ts";
import { createPhoto, onPicture } from "./pictures.ts";
import { usePointer } from "./pointer-pen.ts";
import { whyNot } from "./trouble.ts";

/** The model's folder, relative to the page. */
const MODEL = "digits/1";

/** When loading takes longer than this, the page says that it is still at it. */
const SLOW_MS = 10_000;

const sheet = byId("sheet", HTMLElement);
const canvas = byId("drawing", HTMLCanvasElement);
const undo = byId("undo", HTMLButtonElement);
const clear = byId("clear", HTMLButtonElement);
const webgpu = byId("webgpu", HTMLInputElement);
const webgpuNote = byId("webgpu-note", HTMLElement);

const announcer = createAnnouncer(byId("announcer", HTMLElement));
const panel = createPanel(announcer);
const notices = createNotices(byId("notices", HTMLElement));
const facts = createFacts();

// What is read: the drawing, or a photo that lies over it.

const photo = createPhoto(byId("photo", HTMLImageElement));
const drawing = createDrawing(canvas, () => {
  photo.remove();
  changed();
});
usePointer(canvas, drawing);
useKeyboard(sheet, drawing, announcer.say);
onPicture({ button: byId("choose", HTMLButtonElement), input: byId("file", HTMLInputElement) }, (file) => {
  const coversInk = !drawing.isEmpty || photo.coversInk;
  drawing.clear();
  photo.lay(file, coversInk);
  changed();
});

/** What was drawn before comes back. */
function takePhotoAway(): void {
  const { coversInk } = photo;
  photo.remove();
  if (coversInk) drawing.undo();
  else changed();
}

function changed(): void {
  notices.clear();
  showTools();
  read();
}

function showTools(): void {
  const isEmpty = drawing.isEmpty && photo.file === undefined;
  byId("invitation", HTMLElement).hidden = !isEmpty;
  clear.disabled = isEmpty;
  undo.disabled = !drawing.canUndo && photo.file === undefined;
}

// Reading it.

let digits: Model<Picture> | undefined;

const read = latestOnly(async () => {
  if (digits === undefined) return; // it is read when the model is there
  const file = photo.file;
  const start = performance.now();
  try {
    const reading = await digits.read(file ?? drawing.picture(), { topK: digits.labels.length });
    if (file !== photo.file) return;
    facts.showTime(performance.now() - start);
    panel.showReading(reading);
  } catch (error) {
    if (file !== photo.file) return;
    if (error instanceof EmptyDrawingError) return panel.showNothing();
    if (error instanceof InferenceError && webgpu.checked) return leaveWebGpu(error);
    panel.showFailure("Nothing was read");
    if (file !== undefined) takePhotoAway();
    notices.show(error);
  }
});

// The model, and what it runs on.

function adopt(model: Model<Picture>): void {
  void digits?.dispose();
  digits = model;
  facts.showModel(model);
  read();
}

async function start(): Promise<void> {
  panel.showLoading("Loading the model");
  const slow = setTimeout(() => panel.showLoading("Still loading: a slow connection?"), SLOW_MS);
  try {
    const model = await load(MODEL, {
      device: "wasm",
      onProgress({ loaded, total }) {
        if (loaded < total) panel.showLoading("Loading the model", loaded / total);
        else panel.showLoading("Starting ONNX Runtime (3.7 MB)");
      },
    });
    adopt(model);
    webgpu.disabled = false;
  } catch (error) {
    panel.showFailure("Nothing can be read yet");
    notices.show(error, () => location.reload());
  } finally {
    clearTimeout(slow);
  }
}

const changeDevice = latestOnly(async () => {
  const device = webgpu.checked ? "webgpu" : "wasm";
  try {
    adopt(await load(MODEL, { device }));
    if (device === "webgpu") webgpuNote.textContent = "";
  } catch (error) {
    webgpu.checked = digits?.provider.name === "webgpu";
    webgpuNote.textContent = `${whyNot(device, error)} ${webgpu.checked ? "WebGPU" : "WASM"} goes on.`;
  }
});

webgpu.addEventListener("change", () => {
  webgpuNote.textContent = webgpu.checked ? "Loading ONNX Runtime for WebGPU (6.6 MB)" : "";
  changeDevice();
});

/** GPUs can be lost while they work: by a driver's update, or in a laptop that changes cards. */
function leaveWebGpu(error: InferenceError): void {
  webgpu.checked = false;
  webgpuNote.textContent = `${whyNot("webgpu", error)} Back to WASM.`;
  changeDevice();
}

// Buttons and keys.

function takeBack(): void {
  if (photo.file === undefined) drawing.undo();
  else takePhotoAway();
}

undo.addEventListener("click", () => {
  takeBack();
  if (undo.disabled) sheet.focus({ preventScroll: true });
});
clear.addEventListener("click", () => {
  drawing.clear();
  sheet.focus({ preventScroll: true }); // the button is disabled now, and would keep the focus to itself
});

addEventListener("keydown", (event) => {
  const { key, target } = event;
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  // Letters only work on the sheet: elsewhere they may belong to a screen reader or to voice control.
  if (plain && (key === "Escape" || (key.toLowerCase() === "c" && target === sheet))) drawing.clear();
  else if ((event.ctrlKey || event.metaKey) && !event.shiftKey && key.toLowerCase() === "z") takeBack();
  else return;
  event.preventDefault();
});

showTools();
await start();
