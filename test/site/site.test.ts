import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium } from "playwright-core";
import { build, createServer, type InlineConfig, mergeConfig, preview } from "vite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import config from "../../packages/site/vite.config.ts";
import { chromiumFlags, findChromium } from "../../scripts/chromium.mjs";
import { drawing, pngOf } from "../conformance/pictures.ts";
import tinyAnswers from "../fixtures/tiny-answers.json" with { type: "json" };
import { type Visitor, visit } from "./visitor.ts";

const folder = mkdtempSync(join(tmpdir(), "glyphcast-site-"));

let browser: Browser;
const complaints: string[] = [];
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const executablePath = findChromium();
  browser = await chromium.launch({ ...(executablePath && { executablePath }), args: chromiumFlags });
});

afterAll(async () => {
  await browser.close();
  for (const close of closers) await close();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(() => expect(complaints.splice(0)).toEqual([]));

/** Opens a page as someone new would, and notes what the browser complains of. */
async function open(options: BrowserContextOptions = {}): Promise<Visitor> {
  const page = await browser.newPage(options);
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  return visit(page);
}

const quiet: InlineConfig = { configFile: false, logLevel: "error" };

const addressOf = (server: { address(): AddressInfo | string | null }) =>
  `http://localhost:${(server.address() as AddressInfo).port}`;

/** Machines that test are slow, or busy. */
const soon = { timeout: 30_000 };

describe("the built page, in a sub-folder of a server that sends no headers", () => {
  let url: string;
  // One visitor for most tests, since ONNX Runtime takes a second to start.
  let visitor: Visitor;

  beforeAll(async () => {
    await build(mergeConfig(config, { ...quiet, build: { outDir: join(folder, "server/any/folder") } }));
    const server = await preview({ ...quiet, root: folder, build: { outDir: "server" }, preview: { port: 0 } });
    closers.push(() => server.close());
    url = `${addressOf(server.httpServer as Server)}/any/folder/`;
    visitor = await open();
    await visitor.page.goto(url);
  });

  beforeEach(async () => {
    await visitor.page.keyboard.press("Escape");
    await expect.poll(visitor.answer, soon).toMatchObject({ state: "empty" });
  });

  it("finds no digit on an empty sheet", async () => {
    const { page, answer, inkSeen } = visitor;
    expect(await answer()).toEqual({ state: "empty", glyph: "no digit", detail: "Nothing is drawn" });
    expect(await inkSeen()).toBe(0);
    expect(await page.locator("#provider").textContent()).toBe("WASM, 1 thread");
  });

  it("reads while the pen is still down", async () => {
    const { page, answer, bars, inkSeen, draw } = visitor;
    await draw(1, { lift: false });
    await expect.poll(answer, soon).toMatchObject({ glyph: "1" });
    const lengths = await bars();
    expect(lengths.indexOf(Math.max(...lengths))).toBe(1);
    expect(await inkSeen()).toBeGreaterThan(0.02);
    await page.mouse.up();
  });

  it("takes strokes back one by one, clears, and takes that back too", async () => {
    const { page, answer, bars, inkSeen, draw } = visitor;
    await draw(0);
    await expect.poll(answer, soon).toMatchObject({ glyph: "0" });
    const zero = await answer();
    const ink = await inkSeen();
    await draw(1); // which need not make it another digit
    await expect.poll(inkSeen, soon).not.toBe(ink);

    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(inkSeen, soon).toBe(ink);
    await expect.poll(answer, soon).toEqual(zero);
    await page.getByRole("button", { name: "Clear" }).click();
    await expect.poll(answer, soon).toMatchObject({ state: "empty", glyph: "no digit" });
    expect(await inkSeen()).toBe(0);
    expect(await bars()).toEqual(Array(10).fill(0));
    await page.keyboard.press("Control+z");
    await expect.poll(answer, soon).toEqual(zero);
  });

  it("is drawn on, heard and cleared by keyboard alone", async () => {
    const { page, answer } = visitor;
    const heard = () => page.getByRole("status").textContent();
    const focused = () => page.locator(":focus").getAttribute("aria-label");
    await page.getByRole("button", { name: "Picture…" }).focus();
    for (let buttons = 0; buttons < 3 && (await focused()) !== "Drawing area"; buttons++)
      await page.keyboard.press("Shift+Tab");
    expect(await focused()).toBe("Drawing area");

    for (let step = 0; step < 8; step++) await page.keyboard.press("Shift+ArrowUp");
    await page.keyboard.press("Space");
    expect(await heard()).toMatch(/^Pen down, \d+ percent from the left, \d+ from the top$/);
    for (let step = 0; step < 24; step++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    await expect.poll(answer, soon).toMatchObject({ glyph: "1" });
    await expect.poll(heard, soon).toMatch(/^(Perhaps )?1, \d/);

    await page.keyboard.press("c");
    await expect.poll(heard, soon).toBe("No digit: nothing is drawn");
  });

  it("reads picture files, says in plain words what is none, and keeps the drawing then", async () => {
    const { page, answer, draw } = visitor;
    const seven = tinyAnswers.find(({ label }) => label === "7")!;
    const pixels = Uint8Array.from(atob(seven.pixels), (letter) => letter.charCodeAt(0));
    const choose = (name: string, mimeType: string, bytes: Uint8Array) =>
      page.locator("#file").setInputFiles({ name, mimeType, buffer: Buffer.from(bytes) });

    await choose("seven.png", "image/png", pngOf(drawing(pixels)));
    await expect.poll(answer, soon).toMatchObject({ glyph: "7" });
    await draw(0);
    await expect.poll(answer, soon).toMatchObject({ glyph: "0" });
    await choose("notes.txt", "text/plain", Buffer.from("buy ink"));
    await expect.poll(() => page.getByRole("alert").textContent(), soon).toMatch(/^This file cannot be read\./);
    await expect.poll(answer, soon).toMatchObject({ glyph: "0" });
  });

  it("runs on WebGPU when asked to, and on WASM again", async () => {
    const { page, answer, draw } = visitor;
    const provider = () => page.locator("#provider").textContent();
    await page.getByLabel("WebGPU").check();
    await expect.poll(provider, soon).toBe("WebGPU");
    await draw(1);
    await expect.poll(answer, soon).toMatchObject({ glyph: "1" });
    await page.getByLabel("WebGPU").uncheck();
    await expect.poll(provider, soon).toBe("WASM, 1 thread");
  });

  it("fits on a phone with its bars, and says that WebGPU is missing there", async () => {
    const { page, answer, draw } = await open({
      viewport: { width: 390, height: 664 },
      hasTouch: true,
      isMobile: true,
    });
    await page.addInitScript("delete Navigator.prototype.gpu");
    await page.goto(url);
    await expect.poll(answer, soon).toMatchObject({ state: "empty" });
    const bars = (await page.locator("#bars").boundingBox())!;
    expect(bars.y + bars.height).toBeLessThanOrEqual(664);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);

    await page.getByLabel("WebGPU").click();
    await expect
      .poll(() => page.locator("#webgpu-note").textContent(), soon)
      .toBe("WebGPU is not available: this browser has no WebGPU. WASM goes on.");
    expect(await page.getByLabel("WebGPU").isChecked()).toBe(false);
    await draw(1);
    await expect.poll(answer, soon).toMatchObject({ glyph: "1" });
    await page.close();
  });

  it("says in plain words that the model is missing", async () => {
    const { page, answer } = await open();
    await page.route("**/manifest.json", (route) => route.fulfill({ status: 404 }));
    await page.goto(url);
    await expect.poll(answer, soon).toMatchObject({ state: "failed" });
    expect(await page.getByRole("alert").textContent()).toMatch(/^The model is not there\./);
    expect(complaints.splice(0)).toEqual([expect.stringContaining("404")]);
    await page.close();
  });
});

describe("the page in development", () => {
  it("is cross-origin isolated, and reads", async () => {
    const server = await createServer(
      mergeConfig(config, { ...quiet, server: { port: 0 }, cacheDir: join(folder, "cache") }),
    );
    closers.push(() => server.close());
    await server.listen();
    const { page, answer, draw } = await open();
    await page.goto(addressOf(server.httpServer as Server));
    await expect.poll(answer, soon).toMatchObject({ state: "empty" });
    expect(await page.evaluate("crossOriginIsolated")).toBe(true);
    await draw(1);
    await expect.poll(answer, soon).toMatchObject({ glyph: "1" });
  });
});
