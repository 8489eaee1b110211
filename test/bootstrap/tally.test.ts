import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../scripts/bootstrap/root.mjs";
import { tallyLine, tallyOf } from "../../scripts/bootstrap/tally.mjs";
import { commandFile } from "../../scripts/bootstrap/workspace.mjs";
import { temporaryFolder } from "./temporary-folder.ts";

describe("the closing line", () => {
  it("counts what a real run of vitest did, a file that cannot be loaded included", () => {
    const folder = temporaryFolder({
      "some.test.ts": `
        test("passes", () => {});
        test.each([1, 2])("passes %i", () => {});
        test("fails", () => { throw new Error("as it should") });
        test.skip("is skipped", () => {});
        test.todo("is to do");`,
      "broken.test.ts": `throw new Error("before any test")`,
    });
    const args = ["run", "--root", folder, "--globals", "--reporter=json", "--outputFile=report.json"];
    spawnSync(process.execPath, [commandFile(root, "vitest"), ...args], { cwd: folder });
    const tally = tallyOf(JSON.parse(readFileSync(join(folder, "report.json"), "utf8")));
    expect(tallyLine(tally)).toBe("3 passed, 2 failed, 2 skipped");
  });

  it("does not mention skipped tests when there are none", () => {
    expect(tallyLine({ passed: 12, failed: 0, skipped: 0 })).toBe("12 passed, 0 failed");
  });
});
