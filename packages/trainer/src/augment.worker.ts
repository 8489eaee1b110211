import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { createAugment } from "./augment/augment.ts";
import { epochOrder } from "./augment/epoch-order.ts";
import { type Batch, type BatchPlan, stepsPerEpoch } from "./augmented-batches.ts";
import { bytesPerImage } from "./datasets/labelled-images.ts";

/** Augmented batches, in order, into buffers that go to the other side and come back: no buffer, no batch. */
const { images, batchSize, epochs, seed, augmentation, firstStep = 0, ahead } = workerData as BatchPlan;
const port = parentPort!;
const imageSize = bytesPerImage(images.imageShape);
const augment = createAugment(augmentation, images.imageShape, { seed, epochs });

type Buffers = Pick<Batch, "pixels" | "labels">;
const idle: Buffers[] = Array.from({ length: ahead }, () => ({
  pixels: new Uint8Array(batchSize * imageSize),
  labels: new Uint8Array(batchSize),
}));
port.on("message", (buffers: Buffers) => idle.push(buffers));

const steps = stepsPerEpoch({ images, batchSize });
for (let epoch = Math.floor(firstStep / steps); epoch < epochs; epoch++) {
  const order = epochOrder(images.count, seed, epoch);
  const done = Math.max(0, firstStep - epoch * steps);
  for (let first = done * batchSize; first + batchSize <= images.count; first += batchSize) {
    while (idle.length === 0) await once(port, "message");
    const { pixels, labels } = idle.pop()!;
    for (let i = 0; i < batchSize; i++) {
      const index = order[first + i]!;
      augment(images.pixels, epoch, index, pixels, i * imageSize);
      labels[i] = images.labels[index]!;
    }
    const batch: Batch = { epoch, pixels, labels };
    port.postMessage(batch, [pixels.buffer, labels.buffer]);
  }
}
port.close();
