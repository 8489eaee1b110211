import { expect, it } from "vitest";
import { mapInOrder } from "./map-in-order.ts";

const later = (ticks: number) => new Promise((resolve) => setTimeout(resolve, ticks));

it("keeps the order, whichever is done first, and has no more at work than allowed", async () => {
  let atWork = 0;
  let most = 0;
  const results = await mapInOrder([9, 1, 5, 1, 3], 2, async (ticks) => {
    most = Math.max(most, ++atWork);
    await later(ticks);
    atWork--;
    return ticks * 2;
  });
  expect(results).toEqual([18, 2, 10, 2, 6]);
  expect(most).toBe(2);
});

it("names the first that failed, in order, and begins no more", async () => {
  const begun: number[] = [];
  const failing = mapInOrder([0, 1, 2, 3, 4, 5], 2, async (item) => {
    begun.push(item);
    await later(item === 1 ? 9 : 1);
    if (item === 1 || item === 2) throw new Error(`no ${item}`);
  });
  await expect(failing).rejects.toMatchObject({ code: "BATCH_ITEM", index: 1, cause: { message: "no 1" } });
  expect(begun).toEqual([0, 1, 2]);
});
