import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { PAGES } from "../scripts/docs.mjs";

it.each(Object.entries(PAGES))("%s is what scripts/make-docs.mjs makes of the code", async (path, page) => {
  expect(await readFile(new URL(`../${path}`, import.meta.url), "utf8")).toBe(await page());
});
