import { expect, it } from "vitest";
import { randomStream } from "../random.ts";
import { calibration } from "./calibration.ts";
import { fitTemperature, withoutTemperature } from "./temperature.ts";

const CLASSES = 5;

/** Labels drawn from softmax(logits / temperature). */
function drawn(count: number, temperature: number) {
  const random = randomStream(1);
  const logits = Float32Array.from({ length: count * CLASSES }, () => 12 * random());
  const labels = Uint8Array.from({ length: count }, (_, i) => {
    const weights = [...logits.subarray(i * CLASSES, (i + 1) * CLASSES)].map((logit) => Math.exp(logit / temperature));
    const upTo = weights.map((_, k) => weights.slice(0, k + 1).reduce((sum, weight) => sum + weight, 0));
    const drawn = random() * upTo.at(-1)!;
    return upTo.findIndex((sum) => drawn < sum);
  });
  return { logits, labels };
}

const softmax = (logits: Float32Array, temperature: number): Float32Array => {
  const exponentials = logits.map((logit) => Math.exp(logit / temperature));
  return exponentials.map((value, i) => {
    const first = i - (i % CLASSES);
    return value / exponentials.subarray(first, first + CLASSES).reduce((sum, other) => sum + other, 0);
  });
};

it.each([0.4, 1, 3])("finds the temperature %s that labels were drawn at, which calibrates them", (temperature) => {
  const { logits, labels } = drawn(20_000, temperature);
  const found = fitTemperature(logits, labels, CLASSES);
  expect(Math.abs(found / temperature - 1)).toBeLessThan(0.03); // the spread of 20,000 draws is about 1 %
  expect(calibration(softmax(logits, found), labels, CLASSES).ece).toBeLessThan(0.01);
});

it("stays within bounds where every logit is right, or there is none", () => {
  const labels = Uint8Array.of(0, 1, 2, 3, 4);
  const logits = Float32Array.from({ length: 25 }, (_, i) => (i % 6 === 0 ? 9 : 0));
  const found = fitTemperature(logits, labels, CLASSES);
  expect(found).toBeGreaterThan(1); // nine is far too sure after five pictures
  expect(found).toBeLessThan(5);
  expect(fitTemperature(new Float32Array(), new Uint8Array(), CLASSES)).toBe(1);
});

it("knows the probabilities before it", () => {
  const { logits } = drawn(50, 1);
  expect(withoutTemperature(softmax(logits, 2.5), CLASSES, 2.5)).toBeAllClose(softmax(logits, 1), {
    atol: 1e-6, // single precision
  });
});
