import { type ShapeRule, typed } from "./rule.ts";

/** Y [steps, directions, batch, hidden], Y_h and (LSTM) Y_c [directions, batch, hidden], for layout 0. */
const recurrent: ShapeRule = (node) => {
  const x = node.type(0);
  const recurrence = node.shape(2);
  const [first, second] = x?.shape ?? [];
  if (!x || !recurrence || first === undefined || second === undefined)
    return node.node.outputs.map(() => x && { dtype: x.dtype });
  const hidden = recurrence[2]!;
  const directions = recurrence[0]!;
  const batchFirst = node.attribute("layout", 0) === 1;
  const all = batchFirst ? [first, second, directions, hidden] : [first, directions, second, hidden];
  const last = batchFirst ? [first, directions, hidden] : [directions, second, hidden];
  return node.node.outputs.map((_, index) => typed(x.dtype, index === 0 ? all : last));
};

export const RECURRENT: Readonly<Record<string, ShapeRule>> = { GRU: recurrent, LSTM: recurrent, RNN: recurrent };
