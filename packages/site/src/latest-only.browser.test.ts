import { expect, it } from "vitest";
import { latestOnly } from "./latest-only.ts";

/** Work that is done when the test says so. */
function byHand() {
  const done: (() => void)[] = [];
  let underWay = 0;
  let most = 0;
  const ask = latestOnly(async () => {
    most = Math.max(most, ++underWay);
    await new Promise<void>((resolve) => done.push(resolve));
    underWay--;
  });
  return {
    ask,
    begun: () => done.length,
    most: () => most,
    async finish() {
      done.at(-1)!();
      await new Promise((resolve) => setTimeout(resolve));
    },
  };
}

it("does the work as soon as it is asked for", () => {
  const work = byHand();
  work.ask();
  expect(work.begun()).toBe(1);
});

it("makes one of the requests that come while it works, and never works twice at a time", async () => {
  const work = byHand();
  for (let request = 0; request < 5; request++) work.ask();
  expect(work.begun()).toBe(1);
  await work.finish();
  expect(work.begun()).toBe(2);
  await work.finish();
  expect(work.begun()).toBe(2);
  expect(work.most()).toBe(1);
});

it("works again when asked after it has finished", async () => {
  const work = byHand();
  work.ask();
  await work.finish();
  work.ask();
  expect(work.begun()).toBe(2);
});
