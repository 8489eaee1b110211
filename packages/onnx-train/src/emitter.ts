import { type DataType, float32, GraphBuilder, PROTO_TYPE_OF } from "@glyphcast/onnx";

/** A graph builder that speaks in arithmetic, for rules that read like their formulas. */
export class Emitter extends GraphBuilder {
  readonly #filled = new Map<string, string>();

  override inner(name: string): Emitter {
    return new Emitter(name, this.opset, this);
  }

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

  square(a: string): string {
    return this.mul(a, a);
  }

  /** A number times a value. */
  scale(a: string, factor: number): string {
    return factor === 1 ? a : this.mul(a, this.floats(factor));
  }

  matmul(a: string, b: string): string {
    return this.op("MatMul", [a, b]);
  }

  where(condition: string, a: string, b: string): string {
    return this.op("Where", [condition, a, b]);
  }

  /** 1 where a condition holds, else 0. */
  indicator(condition: string): string {
    return this.cast(condition, "float32");
  }

  cast(a: string, to: DataType): string {
    return this.type(a).dtype === to ? a : this.op("Cast", [a], { to: PROTO_TYPE_OF[to] });
  }

  /** The sum over some axes. */
  sum(a: string, axes: readonly number[], keepdims = false): string {
    return axes.length === 0 ? a : this.op("ReduceSum", [a, this.ints(axes)], { keepdims: keepdims ? 1 : 0 });
  }

  /** A reduction over some axes, which are an attribute up to opset 17. */
  reduce(
    op: "ReduceMax" | "ReduceMean" | "ReduceMin" | "ReduceProd",
    a: string,
    axes: readonly number[],
    keepdims = false,
  ): string {
    if (axes.length === 0) return a;
    const keep = { keepdims: keepdims ? 1 : 0 };
    return this.opset < 18 ? this.op(op, [a], { axes, ...keep }) : this.op(op, [a, this.ints(axes)], keep);
  }

  reshape(a: string, shape: readonly number[]): string {
    return sameShape(this.shape(a), shape) ? a : this.op("Reshape", [a, this.ints(shape)]);
  }

  expand(a: string, shape: readonly number[]): string {
    return sameShape(this.shape(a), shape) ? a : this.op("Expand", [a, this.ints(shape)]);
  }

  /** Axes that stay side by side are moved as one: onnxruntime copies long runs faster. */
  transpose(a: string, perm: readonly number[]): string {
    const shape = this.shape(a);
    const groups = groupsOf(perm.filter((axis) => shape[axis] !== 1));
    const result = perm.map((axis) => shape[axis]!);
    if (groups.length <= 1) return this.reshape(a, result);
    const sources = groups.toSorted(([one = 0], [other = 0]) => one - other);
    const extents = sources.map((group) => group.reduce((size, axis) => size * shape[axis]!, 1));
    const order = groups.map((group) => sources.indexOf(group));
    return this.reshape(this.op("Transpose", [this.reshape(a, extents)], { perm: order }), result);
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

const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((dim, axis) => dim === b[axis]);

/** The axes of a permutation in groups that stay side by side; where it does not name an axis, that counts for nothing. */
function groupsOf(perm: readonly number[]): readonly (readonly number[])[] {
  const named = perm.toSorted((one, other) => one - other);
  const groups: number[][] = [];
  for (const axis of perm) {
    const group = groups.at(-1);
    if (group && named.indexOf(axis) === named.indexOf(group.at(-1)!) + 1) group.push(axis);
    else groups.push([axis]);
  }
  return groups;
}
