import { ARRAY_OF } from "./dtype.ts";
import { type Finding, GraphError } from "./errors.ts";
import { describeNode, type Graph, type Model, type Node, type ValueType } from "./graph.ts";
import { LATEST_OPSET, OPSET_OF, WITHDRAWN } from "./operators.ts";
import { printType } from "./printer.ts";
import { scopeOfModel } from "./shape/infer.ts";
import { subgraphsOf } from "./subgraphs.ts";
import { sizeOf, type Tensor } from "./tensor.ts";

/**
 * Looks for what would make a runtime refuse the model: values read before they exist or never, names used twice,
 * outputs that nothing produces, operators that the operator set lacks, inputs that do not fit their operator, outputs
 * of another type than declared, tensors that do not hold what they say. Subgraphs are looked through too.
 * @throws GraphError with all findings.
 */
export function checkModel(model: Model): void {
  const findings = [...problemsOfGraph(model.graph, model.opsets, NOTHING, ""), ...problemsOfTypes(model)];
  const [first] = findings;
  if (first === undefined) return;
  const lines = findings.map(({ message }) => `  ${message}`);
  throw new GraphError(
    first.value,
    `The graph "${model.graph.name}" is not sound, ${findings.length} findings:\n${lines.join("\n")}`,
    findings,
  );
}

/** What a subgraph stands in: the values that it may read, and the nodes that produce those and later ones. */
interface Surroundings {
  readonly known: ReadonlySet<string>;
  readonly producers: ReadonlyMap<string, Node>;
}

const NOTHING: Surroundings = { known: new Set(), producers: new Map() };

/** where: the subgraph's place, ending in ": ". */
function* problemsOfGraph(
  graph: Graph,
  opsets: Model["opsets"],
  outer: Surroundings,
  where: string,
): Generator<Finding> {
  const finding = (value: string, message: string): Finding => ({ value, message: where + message });
  const known = new Set(outer.known);
  function* define(name: string, what: string): Generator<Finding> {
    if (name === "") yield finding(name, `${what} has no name.`);
    else if (known.has(name)) yield finding(name, `${what} "${name}" has the name of another value.`);
    known.add(name);
  }

  for (const { name } of graph.inputs) yield* define(name, "input");
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  for (const [name, tensor] of graph.initializers) {
    // One that bears an input's name is that input's default.
    if (!inputs.has(name)) yield* define(name, "initializer");
    for (const problem of problemsOfTensor(tensor)) yield finding(name, `initializer "${name}" ${problem}`);
  }

  const producers = new Map(outer.producers);
  for (const node of graph.nodes) for (const name of node.outputs) producers.set(name, node);
  const nodeNames = new Set<string>();
  for (const node of graph.nodes) {
    const described = describeNode(node);
    const at = node.outputs.find(Boolean) ?? "";
    for (const problem of problemsOfOperator(node, opsets)) yield finding(at, `${described}: ${problem}`);
    if (node.name && nodeNames.has(node.name)) yield finding(at, `${described} has the name of another node.`);
    nodeNames.add(node.name);
    for (const [name, value] of Object.entries(node.attributes))
      if (typeof value === "object" && "dtype" in value)
        for (const problem of problemsOfTensor(value))
          yield finding(at, `${described}: attribute "${name}" ${problem}`);
    for (const name of node.inputs) {
      if (name === "" || known.has(name)) continue;
      const producer = producers.get(name);
      const when = producer
        ? `which ${describeNode(producer)} only produces later; sort the nodes`
        : "which nothing produces";
      yield finding(name, `${described} reads "${name}", ${when}.`);
    }
    for (const [name, subgraph] of subgraphsOf(node))
      yield* problemsOfGraph(subgraph, opsets, { known, producers }, `${where}${described} ${name}: `);
    for (const name of node.outputs) if (name) yield* define(name, `${described} output`);
  }

  const outputs = new Set<string>();
  for (const { name } of graph.outputs) {
    if (outputs.has(name)) yield finding(name, `output "${name}" is there twice.`);
    outputs.add(name);
    if (outer.known.has(name))
      yield finding(name, `output "${name}" is a value from outside; pass it through Identity.`);
    else if (!known.has(name)) yield finding(name, `output "${name}" is produced by nothing.`);
  }
}

function* problemsOfOperator({ op, domain }: Node, opsets: Model["opsets"]): Generator<string> {
  const opset = Object.hasOwn(opsets, domain) ? opsets[domain] : undefined;
  if (opset === undefined) yield `the model imports no operator set of domain "${domain}".`;
  if (domain !== "" || opset === undefined) return;
  const since = OPSET_OF.get(op);
  const withdrawn = WITHDRAWN.get(op);
  if (since === undefined && opset <= LATEST_OPSET) yield `ONNX has no such operator in operator set ${opset}.`;
  if (since !== undefined && since > opset) yield `needs operator set ${since}, the model imports ${opset}.`;
  if (withdrawn && withdrawn.opset <= opset)
    yield `was withdrawn in operator set ${withdrawn.opset}; use ${withdrawn.instead}.`;
}

function* problemsOfTensor({ dtype, shape, data }: Tensor): Generator<string> {
  const holds = dtype === "string" ? Array.isArray(data) : data instanceof ARRAY_OF[dtype];
  if (!holds) yield `is ${dtype}, and its data is a ${data.constructor.name}.`;
  if (!shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0)) yield `has the shape [${shape.join(", ")}].`;
  else if (data.length !== sizeOf(shape))
    yield `of shape [${shape.join(", ")}] needs ${sizeOf(shape)} elements, and holds ${data.length}.`;
}

function* problemsOfTypes(model: Model): Generator<Finding> {
  const misfits: Finding[] = [];
  const scope = scopeOfModel(model, (error, { outputs }) =>
    misfits.push({ value: outputs.find(Boolean) ?? "", message: error.message }),
  );
  yield* misfits;
  for (const { name, ...declared } of model.graph.outputs) {
    const found = scope.type(name);
    if (found && contradicts(declared, found))
      yield {
        value: name,
        message: `output "${name}" is declared ${printType(declared)}, and is ${printType(found)}.`,
      };
  }
}

/** Whether two types cannot both be true. */
function contradicts(a: ValueType, b: ValueType): boolean {
  if (a.dtype !== b.dtype) return true;
  if (!a.shape || !b.shape) return false;
  if (a.shape.length !== b.shape.length) return true;
  return a.shape.some((dim, axis) => {
    const other = b.shape![axis];
    return typeof dim === "number" && typeof other === "number" && dim !== other;
  });
}
