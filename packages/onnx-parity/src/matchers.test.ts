import { expect, it } from "vitest";
import { randomInputs } from "./input/random.ts";
import { type ParityMatchers, parityMatchers } from "./matchers.ts";
import { classifier } from "./testing.ts";

declare module "vitest" {
  interface Matchers<T> extends ParityMatchers<T> {}
}

expect.extend(parityMatchers);

it("passes where runtimes agree, and tells by how much where they do not, or are not there", async () => {
  const inputs = randomInputs;
  await expect(classifier()).toAgreeAcross(["node-cpu", "node-cpu:2"], { inputs });
  const models = { "node-cpu:2": classifier(0.01) };
  await expect(expect(classifier()).toAgreeAcross(["node-cpu", "node-cpu:2"], { inputs, models })).rejects.toThrow(
    /node-cpu:2 "logits" differs[\s\S]*would pass/,
  );
  await expect(expect(classifier()).toAgreeAcross(["node-cpu", "node-cuda"], { inputs })).rejects.toThrow(
    /node-cuda unavailable/,
  );
});
