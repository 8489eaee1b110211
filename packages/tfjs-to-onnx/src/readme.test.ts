import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { supportTable } from "./support-table.ts";

it("README.md lists the layers that there are rules for (vitest -u rewrites it)", async () => {
  const readme = new URL("../README.md", import.meta.url);
  const text = await readFile(readme, "utf8");
  const current = text.replace(
    /(<!-- layers -->\n)[\s\S]*(<!-- \/layers -->)/,
    (_, begin: string, end: string) => `${begin}\n${supportTable()}\n\n${end}`,
  );
  expect(current).toContain("| Conv2D ");
  await expect(current).toMatchFileSnapshot(fileURLToPath(readme));
});
