import { TrainError } from "../errors.ts";

/** @throws TrainError unless a prediction is [batch, classes]. */
export function requireMatrix(loss: string, shape: readonly number[]): readonly [batch: number, classes: number] {
  const [batch, classes] = shape;
  if (shape.length !== 2 || batch === undefined || classes === undefined)
    throw new TrainError(
      "PREDICTION_SHAPE",
      `${loss} reads a prediction of [batch, classes], found [${shape.join(", ")}].\n  Name another output as prediction, or end the graph in a Flatten.`,
    );
  return [batch, classes];
}
