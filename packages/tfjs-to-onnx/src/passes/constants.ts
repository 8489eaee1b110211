import type { Graph, Tensor } from "@glyphcast/onnx";
import { captured } from "./values.ts";

/** The constants of a graph while a pass changes them, and how often each value is read. */
export class Constants {
  readonly #tensors: Map<string, Tensor>;
  readonly #reads = new Map<string, number>();
  readonly #names: Set<string>;

  constructor({ initializers, nodes, inputs, outputs }: Graph) {
    this.#tensors = new Map(initializers);
    // Being an output counts as being read; being read by a subgraph, which is not looked into, counts as two readers.
    const inside = nodes.flatMap(captured);
    for (const name of [
      ...nodes.flatMap((node) => node.inputs),
      ...outputs.map(({ name }) => name),
      ...inside,
      ...inside,
    ])
      this.#reads.set(name, this.reads(name) + 1);
    this.#names = new Set([
      ...initializers.keys(),
      ...inputs.map(({ name }) => name),
      ...nodes.flatMap((node) => node.outputs),
    ]);
  }

  get(name: string | undefined): Tensor | undefined {
    return name === undefined ? undefined : this.#tensors.get(name);
  }

  reads(name: string): number {
    return this.#reads.get(name) ?? 0;
  }

  /** A changed value for one reader of a constant: in its place where nobody else reads it, else beside it. */
  change(name: string, tensor: Tensor): string {
    if (this.reads(name) > 1) return this.add(name, tensor);
    this.#tensors.set(name, tensor);
    return name;
  }

  /** A new constant with one reader. */
  add(stem: string, tensor: Tensor): string {
    let name = stem;
    for (let i = 1; this.#names.has(name); i++) name = `${stem}_${i}`;
    this.#names.add(name);
    this.#tensors.set(name, tensor);
    this.#reads.set(name, 1);
    return name;
  }

  all(): ReadonlyMap<string, Tensor> {
    return this.#tensors;
  }
}
