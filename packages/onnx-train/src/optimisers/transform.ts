import type { Tensor } from "@glyphcast/onnx";
import type { Emitter } from "../emitter.ts";

/** A parameter that is trained, by the name of its initializer. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A value that a transform keeps from step to step. */
export interface State {
  readonly name: string;
  /** The parameter it belongs to, if it belongs to one. */
  readonly of?: string;
  readonly initial: Tensor;
}

/** What a transform works with inside one step. */
export interface UpdateSite {
  readonly g: Emitter;
  /** A float32 scalar. */
  readonly learningRate: string;
  /** The parameters' values before the step. */
  readonly parameters: ReadonlyMap<string, string>;
  /** A state's value before the step. */
  state(name: string): string;
  /** Says what a state becomes. */
  next(name: string, value: string): void;
}

/** Per parameter: first its gradient, in the end what is added to it. */
export type Updates = ReadonlyMap<string, string>;

/** One stage from gradients to updates. Stages compose: the updates of one are the gradients of the next. */
export interface Transform {
  init(parameters: readonly Parameter[]): readonly State[];
  update(site: UpdateSite, updates: Updates): Updates;
}

/** Applies stages in order. */
export const chain = (...stages: readonly Transform[]): Transform => ({
  init: (parameters) => stages.flatMap((stage) => stage.init(parameters)),
  update: (site, updates) => stages.reduce((current, stage) => stage.update(site, current), updates),
});

/** A stage without state that treats each parameter alone. */
export const eachUpdate = (update: (site: UpdateSite, value: string, name: string) => string): Transform => ({
  init: () => [],
  update: (site, updates) => new Map(Array.from(updates, ([name, value]) => [name, update(site, value, name)])),
});
