import { expect, it } from "vitest";
import { randomInputs } from "./input/random.ts";
import { Lane } from "./lane.ts";
import { runtimeFrom } from "./target/runtimes.ts";
import { startTarget } from "./target/start.ts";
import type { Target } from "./target/target.ts";
import { classifier } from "./testing.ts";

/** Starts the real runtime, and ends it when it is asked to run: so many times. */
function dying(times: number): typeof startTarget {
  let left = times;
  return async (spec) => {
    const target = await startTarget(spec);
    return {
      ...target,
      ask: async (request, seconds) => {
        if (request.kind === "run" && left-- > 0) await target.stop();
        return target.ask(request, seconds);
      },
    } satisfies Target;
  };
}

async function runOn(label: string, deaths: number) {
  const lane = new Lane(runtimeFrom(label), classifier(), { seconds: 20, profile: false }, dying(deaths));
  try {
    const [feeds] = randomInputs((await lane.open()).inputs);
    const outputs = await lane.run(feeds!);
    return { outputs: Object.keys(outputs), restarts: lane.restarts };
  } finally {
    await lane.stop();
  }
}

it("starts a browser that died once more, and goes on", async () => {
  expect(await runOn("browser-wasm", 1)).toEqual({ outputs: ["logits", "class"], restarts: 1 });
});

it("reports a browser that dies again, and a process that dies", async () => {
  await expect(runOn("browser-wasm", 2)).rejects.toMatchObject({ code: "CRASHED", runtime: "browser-wasm" });
  await expect(runOn("node-cpu", 1)).rejects.toMatchObject({ code: "CRASHED", runtime: "node-cpu" });
});
