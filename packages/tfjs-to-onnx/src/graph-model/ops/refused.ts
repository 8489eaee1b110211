/** Ops of TF.js that have no conversion, by the reason for it. */
const BY_REASON: Readonly<Record<string, string>> = {
  "ONNX has no strings in numeric models": "StaticRegexReplace StringNGrams StringSplit StringToHashBucketFast",
  "ONNX has no tables": `HashTable HashTableV2 InitializeTable InitializeTableV2 LookupTableFind LookupTableFindV2
    LookupTableImport LookupTableImportV2 LookupTableSize LookupTableSizeV2`,
  "ONNX has no ragged tensors": "RaggedGather RaggedRange RaggedTensorToTensor",
  "sparse tensors are not converted": "SparseFillEmptyRows SparseReshape SparseSegmentMean SparseSegmentSum",
  "TF.js returns the element where TensorFlow returns the list that is left": "TensorListPopBack",
  "decision forests are not converted":
    "SimpleMLCreateModelResource SimpleMLInferenceOpWithHandle SimpleMLLoadModelFromPathWithHandle",
};

/** Why an op of TF.js has no conversion. */
export const REFUSED: ReadonlyMap<string, string> = new Map(
  Object.entries(BY_REASON).flatMap(([reason, ops]) => ops.split(/\s+/).map((op) => [op, reason] as const)),
);
