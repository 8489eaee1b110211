import { type DataType, float32, GraphBuilder, PROTO_TYPE_OF } from "@glyphcast/onnx";

/** A graph builder that speaks in arithmetic, for rules that read like their formulas. */
export class Emitter extends GraphBuilder {
  readonly #filled = new Map<string, string>();

  add(a: string, b: string): string {
    return this.op("Add", [a, b]);
  }

  sub(a: string, b: string): string {
    return this.op("Sub", [a, b]);
  }

  mul(a: string, b: string): string {
    return this.op("Mul", [a, b]);
  }

  div(a: string, b: string): string {
    return this.op("Div", [a, b]);
  }

  neg(a: string): string {
    return this.op("Neg", [a]);
  }

  matmul(a: string, b: string): string {
    return this.op("MatMul", [a, b]);
  }

  where(condition: string, a: string, b: string): string {
    return this.op("Where", [condition, a, b]);
  }

  cast(a: string, to: DataType): string {
    return this.type(a).dtype === to ? a : this.op("Cast", [a], { to: PROTO_TYPE_OF[to] });
  }

  /** The sum over some axes. */
  sum(a: string, axes: readonly number[], keepdims = false): string {
    return axes.length === 0 ? a : this.op("ReduceSum", [a, this.ints(axes)], { keepdims: keepdims ? 1 : 0 });
  }

  reshape(a: string, shape: readonly number[]): string {
    const from = this.shape(a);
    const same = from.length === shape.length && shape.every((dim, axis) => dim === from[axis]);
    return same ? a : this.op("Reshape", [a, this.ints(shape)]);
  }

  transpose(a: string, perm: readonly number[]): string {
    const moves = perm.some((axis, i) => axis !== i);
    return moves ? this.op("Transpose", [a], { perm }) : a;
  }

  gather(a: string, indices: string, axis: number): string {
    return this.op("Gather", [a, indices], { axis });
  }

  /** A constant of one repeated value, which the file stores once. */
  filled(shape: readonly number[], value: number): string {
    const key = `${shape}:${value}`;
    const known = this.#filled.get(key);
    if (known !== undefined) return known;
    const made = this.op("ConstantOfShape", [this.ints(shape)], { value: float32([1], [value]) });
    this.#filled.set(key, made);
    return made;
  }

  /** The sum of values of one shape. */
  total(terms: readonly string[]): string {
    return terms.reduce((sum, term) => this.add(sum, term));
  }
}
