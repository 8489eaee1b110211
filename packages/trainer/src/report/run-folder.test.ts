import { mkdir, mkdtemp, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { latestRun, openRunFolder } from "./run-folder.ts";

const NOW = new Date("2026-03-01T12:30:45.678Z");
let out: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), "runs-"));
});
afterEach(() => rm(out, { recursive: true }));

describe("openRunFolder", () => {
  it("gives the folder its name, and latest its target, only when the run is complete", async () => {
    const run = await openRunFolder(out, "digits-fast", NOW);
    await writeFile(join(run.path, "summary.json"), "{}");
    expect(await readdir(out)).toEqual([".2026-03-01T12-30-45-digits-fast.partial"]);

    await run.finish();
    const path = run.destination();
    expect(path).toBe(join(out, "2026-03-01T12-30-45-digits-fast"));
    expect((await readdir(out)).sort()).toEqual(["2026-03-01T12-30-45-digits-fast", "latest"]);
    expect(await readlink(join(out, "latest"))).toBe("2026-03-01T12-30-45-digits-fast");
    expect(await latestRun(out)).toBe(path);
  });

  it("moves latest on with the next run, which gets a name of its own within the same second", async () => {
    await (await openRunFolder(out, "digits-fast", NOW)).finish();
    const second = await openRunFolder(out, "digits-fast", NOW);
    await second.finish();
    expect(second.id).toMatch(/digits-fast-2$/);
    expect(await latestRun(out)).toBe(second.destination());
  });

  it("leaves nothing behind when discarded", async () => {
    const run = await openRunFolder(join(out, "a", "b"), "digits-fast", NOW);
    await run.discard();
    expect(await readdir(join(out, "a", "b"))).toEqual([]);
    expect(await latestRun(join(out, "a", "b"))).toBeUndefined();
  });

  it("keeps a failed run under another name, and latest where it was", async () => {
    const run = await openRunFolder(out, "digits-fast", NOW);
    await run.finish("failed-parity");
    expect(await readdir(out)).toEqual(["2026-03-01T12-30-45-digits-fast-failed-parity"]);
    expect(await latestRun(out)).toBeUndefined();
  });

  it("refuses at once where it cannot write", async () => {
    await writeFile(join(out, "file"), "");
    await expect(openRunFolder(join(out, "file", "runs"), "r")).rejects.toMatchObject({ code: "OUTPUT" });
    await mkdir(join(out, "latest"));
    await expect(openRunFolder(out, "r")).rejects.toMatchObject({ code: "OUTPUT", path: join(out, "latest") });
  });

  it("reads a latest that is a text file, for systems without links", async () => {
    await writeFile(join(out, "latest"), "2026-03-01T12-30-45-digits-fast\n");
    expect(await latestRun(out)).toBe(join(out, "2026-03-01T12-30-45-digits-fast"));
  });
});
