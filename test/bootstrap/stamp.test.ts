import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { doOnce, isDone } from "../../scripts/bootstrap/stamp.mjs";
import { temporaryFolder } from "./temporary-folder.ts";

/** A step whose inputs and outputs are values that a test can change. */
const counted = () => {
  const state = { inputs: "source 1", outputs: "nothing", made: 0 };
  const step = {
    stamp: join(temporaryFolder(), "deep", "stamp"),
    inputs: () => state.inputs,
    outputs: () => state.outputs,
    make: async () => {
      state.made += 1;
      state.outputs = `made of ${state.inputs}`;
    },
  };
  return { state, step };
};

describe("a stamped step", () => {
  it("is done once", async () => {
    const { state, step } = counted();
    expect(isDone(step)).toBe(false);
    await doOnce(step);
    await doOnce(step);
    expect(state.made).toBe(1);
    expect(isDone(step)).toBe(true);
  });

  it("is done again when its inputs change", async () => {
    const { state, step } = counted();
    await doOnce(step);
    state.inputs = "source 2";
    await doOnce(step);
    expect(state).toEqual({ inputs: "source 2", outputs: "made of source 2", made: 2 });
  });

  it("is done again when its outputs are removed or changed", async () => {
    const { state, step } = counted();
    await doOnce(step);
    state.outputs = "half of it";
    await doOnce(step);
    expect(state.made).toBe(2);
  });

  it("is done again when its stamp is damaged", async () => {
    const { state, step } = counted();
    await doOnce(step);
    writeFileSync(step.stamp, "\0\0");
    await doOnce(step);
    expect(state.made).toBe(2);
  });

  it("leaves no stamp when it fails, even if it was done before", async () => {
    const { state, step } = counted();
    await doOnce(step);
    state.inputs = "source 2";
    await expect(
      doOnce({
        ...step,
        make: async () => {
          throw new Error("disk full");
        },
      }),
    ).rejects.toThrow("disk full");
    expect(existsSync(step.stamp)).toBe(false);
  });
});
