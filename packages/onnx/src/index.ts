export { GraphBuilder, type OpOptions } from "./builder.ts";
export { checkModel } from "./check.ts";
export { ARRAY_OF, type DataOf, type DataType, isFloat } from "./dtype.ts";
export { DecodeError, EncodeError, type Finding, GraphError, OnnxError, ShapeError } from "./errors.ts";
export {
  type Attribute,
  type Attributes,
  type AttributeType,
  type Dim,
  describeNode,
  type Graph,
  type Model,
  modelOf,
  type Node,
  type ValueInfo,
  type ValueType,
} from "./graph.ts";
export { removeDeadNodes } from "./passes/dead-nodes.ts";
export { dropIdentities } from "./passes/drop-identities.ts";
export { raiseOpset } from "./passes/raise-opset.ts";
export { topologicalSort } from "./passes/topological-sort.ts";
export { printModel, printType } from "./printer.ts";
export { PROTO_TYPE_OF } from "./serde/data-types.ts";
export { type DecodeOptions, decodeModel, decodeTensor, externalDataOf } from "./serde/decode.ts";
export { encodeModel, encodeTensor } from "./serde/encode.ts";
export type { ExternalData } from "./serde/external-data.ts";
export { inferShapes, ShapeScope, scopeOf } from "./shape/infer.ts";
export { inferredOps } from "./shape/rules.ts";
export { type Window, windowOf } from "./shape/window.ts";
export { subgraphsOf, valuesRead } from "./subgraphs.ts";
export { float32, int64, numbersOf, scalar, sizeOf, type Tensor, type TensorOf, tensor, zeros } from "./tensor.ts";
