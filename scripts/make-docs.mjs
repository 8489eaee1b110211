// node --import ./test/typescript.mjs scripts/make-docs.mjs
// Writes every page of docs.mjs anew.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { PAGES } from "./docs.mjs";

for (const [path, page] of Object.entries(PAGES)) {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, await page());
  console.log(path);
}
