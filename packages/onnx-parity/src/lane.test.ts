import { expect, it } from "vitest";
import { randomInputs } from "./input/random.ts";
import { Lane } from "./lane.ts";
import { modelFrom } from "./model/model-file.ts";
import { runtimeFrom } from "./target/runtimes.ts";
import { startTarget } from "./target/start.ts";
import { classifier } from "./testing.ts";

/** Starts the real runtime, and ends it before it is asked to run for those times, counted over all starts. */
function dyingAt(...times: number[]): typeof startTarget {
  let asked = 0;
  return async (spec) => {
    const target = await startTarget(spec);
    return {
      ...target,
      async ask(request, seconds) {
        if (request.kind === "run" && times.includes(++asked)) await target.stop();
        return target.ask(request, seconds);
      },
    };
  };
}

const laneOn = async (label: string, start: typeof startTarget) =>
  new Lane(runtimeFrom(label), await modelFrom(classifier()), { seconds: 20, profile: false }, start);

it("starts a browser that died once more and goes on; when it dies again, reports it", async () => {
  const lane = await laneOn("browser-wasm", dyingAt(1, 3));
  try {
    const [feeds] = randomInputs((await lane.open()).inputs);
    expect(Object.keys(await lane.run(feeds!))).toEqual(["logits", "class"]);
    expect(lane.restarts).toBe(1);
    await expect(lane.run(feeds!)).rejects.toMatchObject({ code: "CRASHED", runtime: "browser-wasm" });
  } finally {
    await lane.stop();
  }
});

it("reports a process that died", async () => {
  const lane = await laneOn("node-cpu", dyingAt(1));
  const [feeds] = randomInputs((await lane.open()).inputs);
  await expect(lane.run(feeds!)).rejects.toMatchObject({ code: "CRASHED", runtime: "node-cpu" });
  await lane.stop();
});
