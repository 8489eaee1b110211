import type { Browser, Page } from "playwright-core";
import { UnavailableError } from "../errors.ts";
import { chromiumFlags, findChromium } from "./chromium.ts";
import { type PageServer, type ServedFolder, startPageServer } from "./page-server.ts";

/** A page in a Chromium of its own: what brings one down leaves the others alone. */
export interface OpenPage {
  readonly page: Page;
  readonly server: PageServer;
  /** "Chromium 156.0.8078.79" without its name. */
  readonly version: string;
  /** Rejects when the browser or the page ends. */
  readonly gone: Promise<never>;
  end(): Promise<void>;
}

/**
 * Opens `page.html`. label: what the page is for, in errors.
 * @throws UnavailableError when there is no browser, or it does not start.
 */
export async function openPage(
  label: string,
  files: Readonly<Record<string, string>>,
  folders: Readonly<Record<string, ServedFolder>> = {},
): Promise<OpenPage> {
  const { chromium } = await import("playwright-core");
  const executablePath = findChromium(() => chromium.executablePath());
  if (executablePath === undefined)
    throw new UnavailableError(label, "no Chromium, Chrome or Edge was found. Install one, or name it in CHROME_PATH.");
  const server = await startPageServer(files, folders);
  let browser: Browser | undefined;
  const end = async (): Promise<void> => {
    await Promise.all([browser?.close().catch(() => {}), server.close()]);
  };
  try {
    browser = await chromium.launch({ executablePath, args: chromiumFlags() });
    const page = await browser.newPage();
    const gone = endOf(browser, page);
    await page.goto(`${server.address}/page.html`);
    return { page, server, version: browser.version(), gone, end };
  } catch (cause) {
    await end();
    const [first] = (cause as Error).message.split("\n");
    throw new UnavailableError(label, `${executablePath} does not start: ${first}`, { cause });
  }
}

function endOf(browser: Browser, page: Page): Promise<never> {
  const gone = new Promise<never>((_, reject) => {
    browser.once("disconnected", () => reject(new Error("the browser ended")));
    page.once("crash", () => reject(new Error("the page crashed")));
  });
  gone.catch(() => {});
  return gone;
}
