import type { Held } from "../../layout.ts";
import { isNumber, type OpCall, type OpRule, type OpRules } from "../op-rule.ts";

/** Features keep the order in which they are held, each input's after the other's. */
function concatFeatures(call: OpCall, inputs: readonly Held[]): Held {
  const names = inputs.map(({ name }) => name);
  const blocks = inputs.flatMap((x) => x.blocks ?? [{ dims: [call.extent(x, 1)], perm: [0] }]);
  return { name: call.op("Concat", names, { axis: 1 }), perm: [0, 1], blocks };
}

function concat(call: OpCall, given: readonly Held[], place: number): Held {
  const inputs = call.promoted(given);
  const rank = inputs[0]?.perm.length ?? 0;
  if (inputs.length === 0 || inputs.some(({ perm }) => perm.length !== rank)) call.fail("Its inputs differ in rank.");
  const axis = call.axis(place, rank);
  if (inputs.length === 1) return inputs[0]!;
  const plain = inputs.every(({ perm }) => perm.every((held, i) => held === i));
  if (rank === 2 && axis === 1 && plain && inputs.some(({ blocks }) => blocks)) return concatFeatures(call, inputs);
  const lists = inputs.map((x) => (rank === 1 ? call.lowering.named(x) : undefined));
  const { perm } = call.align(inputs.map((x) => call.settled(x))).as;
  const names = inputs.map((x) => call.arrange(x, perm).name);
  const result = { name: call.op("Concat", names, { axis: perm.indexOf(axis) }), perm };
  return lists.every((list) => list !== undefined) ? call.lowering.know(result, lists.flat()) : result;
}

const ConcatV2: OpRule = {
  becomes: "Concat",
  lower: (call) => concat(call, call.inputs.slice(0, -1), call.integer(call.inputs.length - 1)),
};

const Concat: OpRule = { becomes: "Concat", lower: (call) => concat(call, call.inputs.slice(1), call.integer(0)) };

const Pack: OpRule = {
  becomes: "Unsqueeze, Concat",
  lower: (call) => {
    const inputs = call.promoted(call.inputs);
    const [first] = inputs;
    if (!first) return call.fail("It packs nothing.");
    const rank = first.perm.length;
    if (inputs.some(({ perm }) => perm.length !== rank)) call.fail("Its inputs differ in rank.");
    const axis = call.axis(call.attributes.integer("axis", 0), rank + 1);
    const lists = inputs.map((x) => (rank <= 1 ? call.lowering.named(x) : call.lowering.elements(x)));
    const { perm } = call.align(inputs.map((x) => call.settled(x))).as;
    const rows = inputs.map((x) => call.unsqueeze(call.arrange(x, perm), axis));
    const layout = rows[0]!.perm;
    const name =
      rows.length === 1
        ? rows[0]!.name
        : call.op(
            "Concat",
            rows.map((x) => x.name),
            { axis: layout.indexOf(axis) },
          );
    const held = { name, perm: layout };
    return axis === 0 && lists.every((list) => list !== undefined) ? call.lowering.know(held, lists.flat()) : held;
  },
};

/** Parts of a value along one axis. */
function split(call: OpCall, x: Held, axis: number, sizes: readonly number[]): readonly Held[] {
  if (sizes.length === 1) return [x];
  const inputs = [x.name, call.g.ints(sizes)];
  const names = call.ops("Split", inputs, { axis: x.perm.indexOf(axis) }, sizes.length);
  const elements = x.perm.length === 1 ? call.lowering.elements(x) : undefined;
  let at = 0;
  return names.map((name, i) => {
    const part = elements?.slice(at, at + sizes[i]!);
    at += sizes[i]!;
    return call.lowering.know({ name, perm: x.perm }, part);
  });
}

const Unpack: OpRule = {
  becomes: "Split, Squeeze",
  outputs: ["output"],
  lower: (call) => {
    const x = call.settled(call.input());
    const axis = call.axis(call.attributes.integer("axis", 0), x.perm.length);
    const sizes = Array.from({ length: call.extent(x, axis) }, () => 1);
    if (sizes.length > 4096) call.fail(`It makes ${sizes.length} tensors of one.`);
    return split(call, x, axis, sizes).map((part) =>
      call.lowering.know(call.squeeze(part, [axis]), call.lowering.elements(part)),
    );
  },
};

const Split: OpRule = {
  becomes: "Split",
  outputs: ["output"],
  lower: (call) => {
    const x = call.settled(call.input(1));
    const axis = call.axis(call.integer(0), x.perm.length);
    const count = call.attributes.integer("num_split", 1);
    const extent = call.dims(x)[axis]!;
    if (count < 1 || count > 4096 || (isNumber(extent) && extent % count !== 0))
      call.fail(`Axis ${axis} of extent ${extent} cannot be split into ${count}.`);
    if (isNumber(extent)) return split(call, x, axis, Array<number>(count).fill(extent / count));
    if (count === 1) return x;
    const equally = call.g.opset >= 18 ? { num_outputs: count } : {};
    const names = call.ops("Split", [x.name], { axis: x.perm.indexOf(axis), ...equally }, count);
    return names.map((name) => ({ name, perm: x.perm }));
  },
};

const SplitV: OpRule = {
  becomes: "Split",
  outputs: ["output"],
  lower: (call) => {
    const x = call.settled(call.input());
    const axis = call.axis(call.integer(2), x.perm.length);
    const given = call.integers(1);
    const open = given.indexOf(-1);
    const rest = given.reduce((sum, size) => sum + (size === -1 ? 0 : size), 0);
    const sizes = open < 0 ? given : given.with(open, call.extent(x, axis) - rest);
    if (sizes.length === 0 || sizes.length > 4096 || sizes.some((size) => size < 0))
      call.fail(`It splits axis ${axis} into [${sizes.slice(0, 8).join(", ")}].`);
    return split(call, x, axis, sizes);
  },
};

const Tile: OpRule = {
  becomes: "Tile",
  lower: (call) => {
    const x = call.settled(call.promoted([call.input()], "bool")[0]!);
    const repeats = call.known(1);
    if (!repeats) return call.map(call.plain(x), "Tile", {}, call.ints(1));
    if (repeats.length !== x.perm.length || !repeats.every((times) => Number.isSafeInteger(times) && times >= 0))
      call.fail(`It repeats [${repeats.join(", ")}] times, expected a count for each of ${x.perm.length} axes.`);
    if (repeats.every((times) => times === 1)) return x;
    return call.map(x, "Tile", {}, call.g.ints(x.perm.map((axis) => repeats[axis]!)));
  },
};

export const JOIN: OpRules = { Concat, ConcatV2, Pack, Split, SplitV, Tile, Unpack };
