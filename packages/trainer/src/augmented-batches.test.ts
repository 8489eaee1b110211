import { expect, it } from "vitest";
import { createAugment } from "./augment/augment.ts";
import { epochOrder } from "./augment/epoch-order.ts";
import { augmentedBatches, type Batch, type BatchPlan, stepsPerEpoch } from "./augmented-batches.ts";
import { randomStream } from "./random.ts";

const SIZE = 28 * 28;

/** Noise with labels, 70 pictures. */
function plan(changes: Partial<BatchPlan> = {}): BatchPlan {
  const random = randomStream(5);
  const pixels = new Uint8Array(new SharedArrayBuffer(70 * SIZE)).map(() => random() * 256);
  const labels = Uint8Array.from({ length: 70 }, (_, i) => i % 10);
  return {
    images: { pixels, labels, count: 70, imageShape: [28, 28] },
    batchSize: 16,
    epochs: 2,
    seed: 1,
    augmentation: { affine: { rotate: 12, scale: 0.12, shear: 0.15, shift: 2 } },
    ahead: 3,
    ...changes,
  };
}

async function collect(plan: BatchPlan): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const { epoch, pixels, labels } of augmentedBatches(plan))
    batches.push({ epoch, pixels: pixels.slice(), labels: labels.slice() });
  return batches;
}

it("gives every epoch its whole batches, each picture augmented by (seed, epoch, index)", async () => {
  const given = plan();
  const batches = await collect(given);
  expect(stepsPerEpoch(given)).toBe(4);
  expect(batches.map(({ epoch }) => epoch)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);

  const augment = createAugment(given.augmentation, [28, 28], given);
  const order = epochOrder(70, given.seed, 1);
  const expected = new Uint8Array(16 * SIZE);
  for (let i = 0; i < 16; i++) augment(given.images.pixels, 1, order[16 + i]!, expected, i * SIZE);
  expect(batches[5]!.pixels).toEqual(expected);
  expect(batches[5]!.labels).toEqual(Uint8Array.from(order.subarray(16, 32), (i) => i % 10));
});

it("gives the same sequence however far the worker is ahead", async () => {
  expect(await collect(plan({ ahead: 1 }))).toEqual(await collect(plan({ ahead: 8 })));
});

it("begins where it is told to, with what would have come", async () => {
  const all = await collect(plan());
  for (const firstStep of [1, 4, 6, 8]) expect(await collect(plan({ firstStep }))).toEqual(all.slice(firstStep));
});

it("lets go of its worker when the training stops early", async () => {
  for await (const batch of augmentedBatches(plan())) {
    expect(batch.labels).toHaveLength(16);
    break;
  }
});

it("passes on what goes wrong in the worker", async () => {
  const broken = plan({ images: { ...plan().images, imageShape: undefined as never } });
  await expect(collect(broken)).rejects.toThrow(/imageShape|undefined/);
});
