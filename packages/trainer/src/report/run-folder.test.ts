import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readlink, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { latestRun, openRunFolder, reopenRunFolder } from "./run-folder.ts";

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

  it("gives runs that begin at the same moment a folder each", async () => {
    const runs = await Promise.all(Array.from({ length: 5 }, () => openRunFolder(out, "digits-fast", NOW)));
    expect(new Set(runs.map(({ id }) => id)).size).toBe(5);
    for (const run of runs) await run.finish();
    expect((await readdir(out)).filter((name) => name !== "latest")).toHaveLength(5);
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

describe("what killed runs left", () => {
  /** A run's folder as a process on `host` left it. */
  async function leave(id: string, owner: object | undefined): Promise<void> {
    const folder = join(out, `.${id}.partial`);
    await mkdir(folder);
    await writeFile(join(folder, "metrics.csv"), "epoch");
    if (owner !== undefined) await writeFile(join(folder, ".owner.json"), JSON.stringify(owner));
  }
  const hidden = async () => (await readdir(out)).filter((name) => name.startsWith(".")).sort();

  it("is removed by the next one, once the process is gone", async () => {
    const child = fork(join(import.meta.dirname, "run-folder.owner.ts"), [out], { execArgv: process.execArgv });
    await once(child, "message");
    await (await openRunFolder(out, "second", NOW)).discard();
    expect(await hidden()).toEqual([".2026-03-01T12-30-45-first.partial"]);

    child.kill("SIGKILL");
    await once(child, "exit");
    const third = await openRunFolder(out, "third", NOW);
    expect(await hidden()).toEqual([".2026-03-01T12-30-45-third.partial"]);
    await third.finish();
    expect(await readdir(third.destination())).toEqual([]);
  });

  it("is kept as interrupted where there is a checkpoint to go on from", async () => {
    await leave("killed", { host: hostname(), pid: 2 ** 22 - 1, began: 1 });
    await writeFile(join(out, ".killed.partial", "checkpoint.json"), "{}");
    await (await openRunFolder(out, "next", NOW)).discard();
    expect(await readdir(out)).toEqual(["killed-interrupted"]);
    const reopened = await reopenRunFolder(join(out, "killed-interrupted"));
    await expect(reopenRunFolder(reopened.path)).rejects.toMatchObject({ code: "OUTPUT", path: reopened.path });
    expect(await reopened.discard()).toBe(true);
    expect(await readdir(join(out, "killed-interrupted"))).not.toContain(".owner.json");
  });

  it("is known although its process's number is used again", async () => {
    await leave("before", { host: hostname(), pid: process.pid, began: 1 });
    await leave("now", { host: hostname(), pid: process.pid, began: performance.timeOrigin });
    await leave("init", { host: hostname(), pid: 1, began: 1 });
    await (await openRunFolder(out, "next", NOW)).discard();
    expect(await hidden()).toEqual([".init.partial", ".now.partial"]);
  });

  it("stays when it is another machine's, or no run's", async () => {
    await leave("elsewhere", { host: `not-${hostname()}`, pid: 2 ** 22 - 1, began: 1 });
    await writeFile(join(out, ".hidden"), "");
    await (await openRunFolder(out, "next", NOW)).discard();
    expect(await hidden()).toEqual([".elsewhere.partial", ".hidden"]);
  });

  it("without an owner's name goes after a minute", async () => {
    await leave("fresh", undefined);
    await leave("old", undefined);
    const then = new Date(Date.now() - 61_000);
    await utimes(join(out, ".old.partial"), then, then);
    await (await openRunFolder(out, "next", NOW)).discard();
    expect(await hidden()).toEqual([".fresh.partial"]);
  });
});
