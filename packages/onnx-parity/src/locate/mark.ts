import { type Graph, inferShapes, type Model, type Node, type ValueInfo, valuesRead } from "@glyphcast/onnx";

/** The model with more of its values as outputs: as they are, typed by inference. */
export function markOutputs(model: Model, names: readonly string[], types: ReadonlyMap<string, ValueInfo>): Model {
  const already = new Set(model.graph.outputs.map(({ name }) => name));
  const added = names.filter((name) => !already.has(name)).map((name) => types.get(name)!);
  return { ...model, graph: { ...model.graph, outputs: [...model.graph.outputs, ...added] } };
}

/** The values that nodes of the graph compute and whose type is known: without one, no runtime takes them as outputs. */
export function computedValues(model: Model): ReadonlyMap<string, ValueInfo> {
  const { values } = inferShapes(model).graph;
  const outputs = new Map(model.graph.outputs.map((info) => [info.name, info]));
  const names = model.graph.nodes.flatMap(({ outputs: written }) => written.filter(Boolean));
  return new Map(
    names.flatMap((name) => {
      const type = outputs.get(name) ?? values.get(name);
      // Runtimes know extents better than inference does.
      return type ? [[name, { name, dtype: type.dtype }] as const] : [];
    }),
  );
}

/** What the nodes up to `last` compute and anything after them reads: all that the rest can know of them. */
export function cutAfter({ nodes, outputs }: Graph, last: number): string[] {
  const later = new Set(outputs.map(({ name }) => name));
  for (const node of nodes.slice(last + 1)) for (const name of valuesRead(node)) later.add(name);
  return nodes.slice(0, last + 1).flatMap(({ outputs: written }) => written.filter((name) => name && later.has(name)));
}

/** One node as a model of its own: what is computed before it becomes inputs, constants stay. */
export function modelOfNode(model: Model, node: Node, types: ReadonlyMap<string, ValueInfo>): Model {
  const { graph } = model;
  const read = [...valuesRead(node)];
  const given = new Map(graph.inputs.map((info) => [info.name, info]));
  const constants = new Map(graph.initializers);
  return {
    ...model,
    graph: {
      name: node.name || node.op,
      inputs: read.filter((name) => !constants.has(name)).flatMap((name) => given.get(name) ?? types.get(name) ?? []),
      outputs: node.outputs.flatMap((name) => (name ? (types.get(name) ?? []) : [])),
      initializers: new Map([...constants].filter(([name]) => read.includes(name))),
      nodes: [node],
      values: new Map(),
    },
  };
}
