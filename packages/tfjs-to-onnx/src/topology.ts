import { Config, fieldOf, isObject, type Json } from "./config.ts";
import { LayerError, NotAModelError } from "./errors.ts";

/** A tensor of a model: the output `tensor` of a layer's call number `call`. */
export interface Ref {
  readonly layer: string;
  readonly call: number;
  readonly tensor: number;
  /** The keyword argument that it is read as, by Keras layers that have some. */
  readonly keyword?: string;
}

export interface Layer {
  readonly className: string;
  readonly name: string;
  readonly config: Config;
  /** What each call of the layer reads. An InputLayer has one call that reads nothing. */
  readonly calls: readonly (readonly Ref[])[];
  /** Keras's keyword arguments that are not tensors, for each call. */
  readonly keywords: readonly Json[];
  /** What a nested model consists of. */
  readonly model?: Topology;
  /** The layer or model that a wrapper wraps. */
  readonly inner?: Layer;
  /** A wrapped layer's own name. */
  readonly innerName?: string;
}

/** A Sequential or Functional model, both as a graph of layer calls. */
export interface Topology {
  readonly name: string;
  readonly layers: ReadonlyMap<string, Layer>;
  readonly inputs: readonly Ref[];
  readonly outputs: readonly Ref[];
}

/** What model.json says beside the layers. */
export interface ModelFile {
  readonly topology: Topology;
  /** Absent where the JSON is the topology alone. */
  readonly weightsManifest?: unknown;
  /** Who wrote the file, as far as it tells: `tfjs-layers 4.22.0`, `Keras 2.15`. */
  readonly writer: string;
}

const CONTAINERS: ReadonlySet<string> = new Set(["Sequential", "Functional", "Model"]);

const WRAPPERS: ReadonlySet<string> = new Set(["Bidirectional", "TimeDistributed"]);

/** Deeper nesting than any real model has; the reader is recursive. */
const MAX_NESTING = 64;

/** More tensors than any real layer reads or model returns; some steps take time in the square of it. */
const MAX_TENSORS = 4096;

/**
 * Reads the JSON of a LayersModel: a whole `model.json`, `{ model_config }`, or `{ class_name, config }` alone.
 * @throws NotAModelError, LayerError
 */
export function readModelJson(json: unknown): ModelFile {
  if (!isObject(json)) throw new NotAModelError("The JSON is not an object; a TF.js model.json is one.");
  const format = fieldOf(json, "format");
  if (format === "graph-model" || (isObject(json.modelTopology) && Array.isArray(json.modelTopology.node)))
    throw new NotAModelError(
      "This is a GraphModel; only LayersModels are converted.\n" +
        "  Save the model from TF.js Layers (model.save), or convert the Keras file with --output_format tfjs_layers_model.",
    );
  const outer = isObject(json.modelTopology) ? json.modelTopology : json;
  const wrapped = fieldOf(outer, "model_config");
  const model = isObject(wrapped) ? wrapped : outer;
  const className = fieldOf(model, "class_name");
  if (typeof className !== "string" || !CONTAINERS.has(className))
    throw new NotAModelError(
      `The model's class_name is ${JSON.stringify(className) ?? "missing"}, expected Sequential, Functional or Model.\n` +
        "  A LayersModel's model.json has it under modelTopology.",
    );
  const version = fieldOf(outer, "keras_version") ?? fieldOf(model, "keras_version");
  const writer = typeof version === "string" ? (/^\d/.test(version) ? `Keras ${version}` : version) : "unknown";
  return {
    topology: readContainer(className, fieldOf(model, "config"), "model", 0),
    weightsManifest: json.weightsManifest,
    writer,
  };
}

function readContainer(className: string, config: unknown, fallbackName: string, depth: number): Topology {
  const record = Array.isArray(config) ? { layers: config } : config;
  const where = `${className} "${fallbackName}"`;
  if (depth > MAX_NESTING) throw new LayerError(where, `Models are nested more than ${MAX_NESTING} deep.`);
  if (!isObject(record)) throw new LayerError(where, "The config is not an object.");
  const given = fieldOf(record, "name");
  const name = typeof given === "string" ? given : fallbackName;
  const items = fieldOf(record, "layers");
  if (!Array.isArray(items)) throw new LayerError(where, "The config has no list of layers.");
  if (items.length === 0) throw new LayerError(where, "The model has no layers.");
  const layers = items.map((item) => readLayer(item, where, depth));
  return className === "Sequential" ? sequence(name, layers) : network(name, where, record, layers);
}

interface ReadLayer extends Omit<Layer, "calls"> {
  /** `inbound_nodes` as it stands in the file. */
  readonly inbound: unknown;
}

function readLayer(item: unknown, where: string, depth: number): ReadLayer {
  if (!isObject(item)) throw new LayerError(where, "A layer is not an object.");
  const className = fieldOf(item, "class_name");
  const config = fieldOf(item, "config");
  if (typeof className !== "string") throw new LayerError(where, "A layer has no class_name.");
  const inner: Json = isObject(config) ? config : {};
  const name = fieldOf(inner, "name") ?? fieldOf(item, "name");
  if (typeof name !== "string" || name === "") throw new LayerError(where, `A ${className} has no name.`);
  const layer = {
    className,
    name,
    config: new Config(`${className} "${name}"`, inner),
    inbound: fieldOf(item, "inbound_nodes"),
    keywords: keywordsOf(fieldOf(item, "inbound_nodes")),
  };
  if (CONTAINERS.has(className)) return { ...layer, model: readContainer(className, config, name, depth + 1) };
  return WRAPPERS.has(className) ? { ...layer, inner: readInner(layer, inner, depth + 1) } : layer;
}

function readInner({ name, config }: ReadLayer, record: Json, depth: number): Layer {
  if (depth > MAX_NESTING) config.fail(`Layers are nested more than ${MAX_NESTING} deep.`);
  const { inbound: _, ...layer } = readLayer(fieldOf(record, "layer"), config.layer, depth);
  return wrapped({ ...layer, calls: [] }, name);
}

/** A model's layers keep their names; a wrapped layer's weights are named after the outermost layer around it. */
function wrapped(layer: Layer, name: string): Layer {
  if (layer.model) return layer;
  const { innerName = layer.name, inner } = layer;
  return { ...layer, name, innerName, ...(inner && { inner: wrapped(inner, name) }) };
}

function byName<T extends ReadLayer | Layer>(layers: readonly T[]): Map<string, T> {
  const map = new Map<string, T>();
  for (const layer of layers) {
    if (map.has(layer.name)) throw new LayerError(layer.config.layer, "Another layer of the model has the same name.");
    map.set(layer.name, layer);
  }
  return map;
}

/** A chain. TF.js gives it an InputLayer named after the first layer where it does not begin with one. */
function sequence(name: string, given: readonly ReadLayer[]): Topology {
  const first = given[0]!;
  const inputName = `${first.name}_input`;
  const input: ReadLayer = {
    className: "InputLayer",
    name: inputName,
    config: first.config,
    inbound: undefined,
    keywords: [],
  };
  const chain = first.className === "InputLayer" ? given : [input, ...given];
  const layers = chain.map(({ inbound, ...layer }, i): Layer => {
    const previous = chain[i - 1];
    return { ...layer, calls: [previous ? [{ layer: previous.name, call: 0, tensor: 0 }] : []] };
  });
  const refOf = (layer: Layer): Ref => ({ layer: layer.name, call: 0, tensor: 0 });
  return { name, layers: byName(layers), inputs: [refOf(layers[0]!)], outputs: [refOf(layers.at(-1)!)] };
}

/** A graph whose layers say which tensors each of their calls reads. */
function network(name: string, where: string, record: Json, given: readonly ReadLayer[]): Topology {
  const known = byName(given);
  const inbound = new Map(given.map((layer) => [layer.name, readCalls(layer)]));
  const inputs = readRefs(fieldOf(record, "input_layers"), where, "input_layers");
  const outputs = readRefs(fieldOf(record, "output_layers"), where, "output_layers");
  if (outputs.length === 0) throw new LayerError(where, "output_layers is empty; a model needs an output.");

  // A nested model's own construction counts as its call 0 in TF.js, so that its uses begin at 1.
  const all = [...[...inbound.values()].flat(2), ...inputs, ...outputs];
  const begins = new Map(
    given
      .filter(({ model }) => model)
      .map((layer) => [layer.name, all.some((ref) => ref.layer === layer.name && ref.call === 0) ? 0 : 1]),
  );
  const settle = (ref: Ref): Ref => {
    const call = ref.call - (begins.get(ref.layer) ?? 0);
    const calls = inbound.get(ref.layer);
    if (!calls) throw new LayerError(where, `There is no layer "${ref.layer}" to read from.`);
    const count = known.get(ref.layer)!.className === "InputLayer" ? 1 : calls.length;
    if (call >= count)
      throw new LayerError(where, `Call ${call} of layer "${ref.layer}" is read, but it is called ${count} times.`);
    return { ...ref, call };
  };
  const layers = given.map(({ inbound: _, ...layer }): Layer => {
    const calls = inbound.get(layer.name)!.map((refs) => refs.map(settle));
    return { ...layer, calls: layer.className === "InputLayer" ? [[]] : calls };
  });
  return { name, layers: byName(layers), inputs: inputs.map(settle), outputs: outputs.map(settle) };
}

function readCalls({ inbound, config }: ReadLayer): readonly (readonly Ref[])[] {
  if (inbound === undefined) return [];
  if (!Array.isArray(inbound)) return config.fail("inbound_nodes is not a list.");
  return inbound.map((call) => {
    if (!Array.isArray(call))
      return config.fail("inbound_nodes is not in the format of TF.js and Keras 2; Keras 3 writes another one.");
    const inputs = inputsOf(call);
    const named = Object.entries(keywordsIn(inputs)).filter(([, value]) => isRef(value));
    const keywords = named.map(([keyword]) => keyword);
    const refs = readRefs([...inputs, ...named.map(([, value]) => value)], config.layer, "inbound_nodes");
    return refs.map((ref, i) => (i < inputs.length ? ref : { ...ref, keyword: keywords[i - inputs.length]! }));
  });
}

/** Keras shortens a call of one input to that input alone. */
const inputsOf = (call: readonly unknown[]): readonly unknown[] => (typeof call[0] === "string" ? [call] : call);

/** The keyword arguments of a call stand behind each of its inputs, the same every time. */
function keywordsIn([first]: readonly unknown[]): Json {
  const keywords: unknown = Array.isArray(first) ? first[3] : undefined;
  return isObject(keywords) ? keywords : {};
}

const keywordsOf = (inbound: unknown): readonly Json[] =>
  Array.isArray(inbound) ? inbound.map((call) => (Array.isArray(call) ? keywordsIn(inputsOf(call)) : {})) : [];

const isRef = (value: unknown): boolean =>
  Array.isArray(value) && typeof value[0] === "string" && isIndex(value[1]) && isIndex(value[2]);

function readRefs(value: unknown, where: string, key: string): readonly Ref[] {
  if (!Array.isArray(value)) throw new LayerError(where, `${key} is not a list.`);
  if (value.length > MAX_TENSORS)
    throw new LayerError(where, `${key} lists ${value.length} tensors, expected ${MAX_TENSORS} at most.`);
  return value.map((item): Ref => {
    const [layer, call, tensor] = Array.isArray(item) ? item : [];
    if (typeof layer !== "string" || !isIndex(call) || !isIndex(tensor))
      throw new LayerError(where, `${key} holds ${JSON.stringify(item)}, expected ["layer", call, tensor].`);
    return { layer, call, tensor };
  });
}

const isIndex = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** The layers of a model and of the models nested in it. */
export const allLayers = ({ layers }: Topology): readonly Layer[] => [...layers.values()].flatMap(allInside);

/** A layer and what it wraps, or the layers of a model. */
export const allInside = (layer: Layer): readonly Layer[] =>
  layer.model ? allLayers(layer.model) : layer.inner ? [layer, ...allInside(layer.inner)] : [layer];

/** The layers that are called more than once, alone or with the model around them. */
export const sharedLayers = ({ layers }: Topology, around = false): ReadonlySet<Layer> =>
  new Set([...layers.values()].flatMap((layer) => sharedInside(layer, around || layer.calls.length > 1)));

const sharedInside = (layer: Layer, shared: boolean): readonly Layer[] =>
  layer.model
    ? [...sharedLayers(layer.model, shared)]
    : [...(shared ? [layer] : []), ...(layer.inner ? sharedInside(layer.inner, shared) : [])];

export interface LayerCall {
  readonly layer: Layer;
  readonly call: number;
}

/**
 * The calls that the outputs need, in the order in which TF.js makes them, which its masks depend on: depth first, the
 * last of several inputs first.
 * @throws LayerError where a call reads, through others, itself.
 */
export function callsInOrder({ name, layers, outputs }: Topology): readonly LayerCall[] {
  const keyOf = ({ layer, call }: Ref): string => `${call}:${layer}`;
  const order: LayerCall[] = [];
  const done = new Set<string>();
  const begun = new Set<string>();
  for (const output of outputs) {
    const pending = [output];
    for (let ref = pending.at(-1); ref; ref = pending.at(-1)) {
      const key = keyOf(ref);
      const layer = layers.get(ref.layer)!;
      const reads = (layer.calls[ref.call] ?? []).filter((read) => !done.has(keyOf(read)));
      if (done.has(key)) pending.pop();
      else if (reads.length > 0) {
        if (begun.has(key)) layer.config.fail(`It reads, through other layers of "${name}", itself.`);
        begun.add(key);
        pending.push(...reads);
      } else {
        pending.pop();
        done.add(key);
        order.push({ layer, call: ref.call });
      }
    }
  }
  return order;
}
