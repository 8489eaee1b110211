import { encodeModel, float32, GraphBuilder, modelOf, sizeOf } from "@glyphcast/onnx";

/** Numbers between -1 and 1 that look like nothing in particular. */
export const ramp = (...shape: number[]) =>
  float32(
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(1.7 * i + 1)),
  );

/** A classifier of [batch, 6] with a `logits` output and an integer one; a nudge of a weight moves the logits. */
export function classifier(nudge = 0): Uint8Array {
  const g = new GraphBuilder("classifier");
  const hidden = g.op("Tanh", [
    g.op("MatMul", [g.input("x", "float32", ["batch", 6]), g.initializer("w", ramp(6, 32))]),
  ]);
  const head = ramp(32, 5);
  head.data[0]! += nudge;
  const logits = g.op("MatMul", [hidden, g.initializer("head", head)]);
  g.output(logits, "logits");
  g.output(g.op("ArgMax", [logits], { axis: 1, keepdims: 0 }), "class");
  return encodeModel(modelOf(g.build()));
}

/** A model that does not come to an end: a loop of 2⁶² rounds. */
export function endless(): Uint8Array {
  const g = new GraphBuilder("endless");
  const x = g.input("x", "float32", [4]);
  const body = new GraphBuilder("body", 17, g);
  body.input("i", "int64", []);
  const go = body.input("go", "bool", []);
  const held = body.input("held", "float32", [4]);
  body.output(body.op("Identity", [go]), "on");
  body.output(body.op("Sin", [held]), "next");
  const rounds = g.initializer("rounds", { dtype: "int64", shape: [], data: BigInt64Array.of(2n ** 62n) });
  const go0 = g.initializer("start", { dtype: "bool", shape: [], data: Uint8Array.of(1) });
  const type = { dtype: "float32", shape: [4] } as const;
  g.output(g.op("Loop", [rounds, go0, x], { body: body.build() }, { types: [type] }), "y", type);
  return encodeModel(modelOf(g.build()));
}

/** A model with the inputs and outputs of `endless`, which answers. */
export function negation(): Uint8Array {
  const g = new GraphBuilder("negation");
  g.output(g.op("Neg", [g.input("x", "float32", [4])]), "y");
  return encodeModel(modelOf(g.build()));
}

/** A model that does not give the same answer twice. */
export function fickle(): Uint8Array {
  const g = new GraphBuilder("fickle");
  g.output(g.op("RandomUniformLike", [g.input("x", "float32", [4])]), "y");
  return encodeModel(modelOf(g.build()));
}
