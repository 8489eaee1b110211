import { expect, it } from "vitest";
import { randomInputs } from "./input/random.ts";
import { parityMatchers } from "./matchers.ts";
import { classifier } from "./testing.ts";

it("passes where runtimes agree, and tells by how much where they do not, or are not there", async () => {
  const match = (runtimes: string[], other?: Uint8Array) =>
    parityMatchers.toAgreeAcross(classifier(), runtimes, {
      inputs: randomInputs,
      ...(other && { models: { "node-cpu:2": other } }),
    });
  expect((await match(["node-cpu", "node-cpu:2"])).pass).toBe(true);
  const failed = await match(["node-cpu", "node-cpu:2"], classifier(0.01));
  expect(failed.pass).toBe(false);
  expect(failed.message()).toMatch(/node-cpu:2 "logits" differs[\s\S]*would pass/);
  const missing = await match(["node-cpu", "node-cpu:2", "node-cuda"]);
  expect(missing.pass).toBe(false);
  expect(missing.message()).toMatch(/node-cuda unavailable/);
});
