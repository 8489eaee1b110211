import { DecodeError } from "../errors.ts";
import { EXTERNAL, type Proto } from "./messages.ts";

/** Where a tensor's data is that the model's own file does not hold. */
export interface ExternalData {
  readonly tensor: string;
  /** The file's path as the model has it: from the model's folder, with `/` between. */
  readonly location: string;
  /** In bytes. */
  readonly offset: number;
  /** In bytes; without one, all that follows. */
  readonly length?: number;
}

type TensorProto = Proto<"TensorProto">;

/**
 * The tensors whose data lies elsewhere, in subgraphs too, and where.
 * @throws DecodeError when one does not say where, or not in whole numbers.
 * @see https://github.com/onnx/onnx/blob/main/docs/ExternalData.md
 */
export function externalTensors({ graph }: Proto<"ModelProto">): (readonly [TensorProto, ExternalData])[] {
  const tensors = graph ? tensorsIn(graph) : [];
  return tensors
    .filter(({ dataLocation }) => dataLocation === EXTERNAL)
    .map((tensor) => [tensor, externalDataFrom(tensor)] as const);
}

/**
 * Puts the data of other files where it would stand otherwise. files: by location. What is not among them stays out.
 * @throws DecodeError when a file is too short.
 */
export function insertExternalData(model: Proto<"ModelProto">, files: ReadonlyMap<string, Uint8Array>): void {
  for (const [proto, { tensor, location, offset, length }] of externalTensors(model)) {
    const file = files.get(location);
    if (!file) continue;
    const end = length === undefined ? file.length : offset + length;
    if (offset > file.length || end > file.length)
      throw new DecodeError(
        `Tensor "${tensor}" is said to be bytes ${offset} to ${end} of "${location}", which has ${file.length}.`,
      );
    // Not `subarray`, whose views of a Node Buffer do not copy when they are sliced.
    const rawData = new Uint8Array(file.buffer, file.byteOffset + offset, end - offset);
    Object.assign(proto, { rawData, dataLocation: 0 });
  }
}

function tensorsIn({ initializer, node }: Proto<"GraphProto">): TensorProto[] {
  const inNodes = node.flatMap(({ attribute }) =>
    attribute.flatMap(({ t, g, graphs }) => [...(t ? [t] : []), ...[...(g ? [g] : []), ...graphs].flatMap(tensorsIn)]),
  );
  return [...initializer, ...inNodes];
}

function externalDataFrom({ name: tensor, externalData }: TensorProto): ExternalData {
  const said = new Map(externalData.map(({ key, value }) => [key, value]));
  const bytes = (key: string): number | undefined => {
    const text = said.get(key);
    if (text === undefined) return undefined;
    if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
    throw new DecodeError(`Tensor "${tensor}": its ${key} in another file is "${text}", which is no number of bytes.`);
  };
  const location = said.get("location");
  if (!location) throw new DecodeError(`Tensor "${tensor}" keeps its data in another file, and does not say which.`);
  const length = bytes("length");
  return { tensor, location, offset: bytes("offset") ?? 0, ...(length !== undefined && { length }) };
}
