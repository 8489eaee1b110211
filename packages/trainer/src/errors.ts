/**
 * What a user of the command can cause: it has a stable `code`, its values as fields, and a message that says where,
 * what was found, what was expected and how to mend it. `exitCode` is what the command ends with.
 */
export abstract class TrainerError extends Error {
  abstract readonly code: string;
  readonly exitCode: number = 2;
  override get name(): string {
    return this.constructor.name;
  }
}

/** The command line itself is wrong: an unknown flag, a value outside its range, a missing argument. */
export class UsageError extends TrainerError {
  readonly code = "USAGE";
}

/** A dataset file is missing, cut short, damaged or not what its name says. */
export class DatasetError extends TrainerError {
  readonly code = "DATASET";
  readonly path: string;
  /** From 1, in files that have lines. */
  readonly line: number | undefined;
  readonly found: string;
  readonly expected: string;
  constructor(at: { path: string; line?: number; found: string; expected: string; mend: string; cause?: unknown }) {
    const where = at.line === undefined ? at.path : `${at.path}, line ${at.line}`;
    super(`${where}: found ${at.found}, expected ${at.expected}.\n  ${at.mend}`, { cause: at.cause });
    this.path = at.path;
    this.line = at.line;
    this.found = at.found;
    this.expected = at.expected;
  }
}

/** A network of the user's own cannot be built, or is not for these pictures and classes. */
export class ArchitectureError extends TrainerError {
  readonly code = "ARCHITECTURE";
  readonly path: string;
  readonly found: string;
  readonly expected: string;
  constructor(path: string, found: string, expected: string, cause?: unknown) {
    super(
      `${path}: found ${found}, expected ${expected}.\n` +
        "  --model takes a LayersModel as TF.js saves it (.json), or a module that exports build({ tf, inputShape, classes }).",
      { cause },
    );
    this.path = path;
    this.found = found;
    this.expected = expected;
  }
}

/** An optional package that an engine runs on does not load. */
export class EngineMissingError extends TrainerError {
  readonly code = "ENGINE_MISSING";
  readonly package: string;
  readonly reason: string;
  /** The command that installs it. */
  readonly install: string;
  constructor(name: string, reason: string, install: string, cause: unknown) {
    super(
      `--engine tfjs runs on ${name}, which does not load: ${reason}.\n` +
        `  This installs it on Node 18 to 22, and downloads its binary:\n    ${install}\n` +
        "  --force trains in TF.js's plain JavaScript instead, about four pictures a second.",
      { cause },
    );
    this.package = name;
    this.reason = reason;
    this.install = install;
  }
}

/** The loss, or a weight after the step, is no longer a number. */
export class DivergenceError extends TrainerError {
  readonly code = "DIVERGED";
  /** From 1, as the report counts them; `step` within the epoch. */
  readonly epoch: number;
  readonly step: number;
  readonly loss: number;
  readonly learningRate: number;
  /** The first tensor that went bad, if one was found. */
  readonly tensor: string | undefined;
  constructor(
    at: { epoch: number; step: number; loss: number; learningRate: number; tensor: string | undefined },
    cause: unknown,
  ) {
    const { epoch, step, loss, learningRate, tensor } = at;
    super(
      `Epoch ${epoch}, step ${step} does not stay finite: the loss is ${loss}` +
        `${tensor === undefined ? "" : `, and ${tensor} went bad first`}. The learning rate is ${learningRate.toPrecision(3)}.\n` +
        "  Try a larger --batch-size or another --seed; the recipe sets the learning rate.",
      { cause },
    );
    this.epoch = epoch;
    this.step = step;
    this.loss = loss;
    this.learningRate = learningRate;
    this.tensor = tensor;
  }
}

/** A folder or file that was asked for as output cannot be written. */
export class OutputError extends TrainerError {
  readonly code = "OUTPUT";
  readonly path: string;
  constructor(path: string, reason: string, mend: string, cause?: unknown) {
    super(`${path}: ${reason}.\n  ${mend}`, { cause });
    this.path = path;
  }
}

/** The disk is full. A run that had a checkpoint keeps it, and goes on from there once there is room. */
export class DiskFullError extends TrainerError {
  readonly code = "DISK_FULL";
  readonly path: string;
  /** The run that can be gone on with, if there is one. */
  readonly folder: string | undefined;
  constructor(path: string, folder: string | undefined, cause: unknown) {
    super(
      `${path}: there is no space left on its disk.\n` +
        (folder === undefined
          ? "  Nothing was kept. Free some, or name another folder with --out DIR."
          : `  Free some; then this goes on from the last checkpoint:\n    npx glyphcast train --resume ${folder}`),
      { cause },
    );
    this.path = path;
    this.folder = folder;
  }
}

/** Some of the pictures could not be read; what the others show has been said. */
export class PicturesError extends TrainerError {
  readonly code = "PICTURES";
  readonly failures: ReadonlyMap<string, Error>;
  constructor(failures: ReadonlyMap<string, Error>) {
    const [first] = failures.values();
    super(Array.from(failures, ([image, { message }]) => `${image}: ${message}`).join("\n"), { cause: first });
    this.failures = failures;
  }
}

/** The `tfjs-to-onnx` child process did not succeed. */
export class ConversionError extends TrainerError {
  readonly code = "CONVERSION";
  override readonly exitCode = 1;
  readonly childExitCode: number | null;
  readonly stderr: string;
  constructor(childExitCode: number | null, stderr: string) {
    const end = childExitCode === null ? "a signal" : `exit code ${childExitCode}`;
    super(`tfjs-to-onnx ended with ${end}:\n${stderr.trimEnd().replaceAll(/^/gm, "  ")}`);
    this.childExitCode = childExitCode;
    this.stderr = stderr;
  }
}

/** The run is complete, but the runtimes do not agree on its model: it is kept, and not published. */
export class ParityError extends TrainerError {
  readonly code = "PARITY";
  override readonly exitCode = 1;
  readonly failures: readonly string[];
  readonly folder: string;
  constructor(failures: readonly string[], folder: string) {
    super(
      `The runtimes disagree about the trained model:\n${failures.map((line) => `  ${line}`).join("\n")}\n` +
        `  The run is kept for inspection in ${folder}; runs/latest still names the run before it.`,
    );
    this.failures = failures;
    this.folder = folder;
  }
}

/** What is named as a run is none, or not a finished one. */
export class RunError extends TrainerError {
  readonly code = "RUN";
  readonly folder: string;
  readonly found: string;
  readonly expected: string;
  constructor(folder: string, found: string, expected: string, cause?: unknown) {
    super(`${folder}: found ${found}, expected ${expected}.\n  Runs are the folders in runs/, such as runs/latest.`, {
      cause,
    });
    this.folder = folder;
    this.found = found;
    this.expected = expected;
  }
}

/** `--resume` names nothing that can be gone on with as asked. */
export class ResumeError extends TrainerError {
  readonly code = "RESUME";
  readonly folder: string;
  readonly found: string;
  readonly expected: string;
  constructor(folder: string, found: string, expected: string, cause?: unknown) {
    super(
      `--resume ${folder}: found ${found}, expected ${expected}.\n` +
        "  A run goes on with the data and settings it began with: leave out the other options, or start a new one.",
      { cause },
    );
    this.folder = folder;
    this.found = found;
    this.expected = expected;
  }
}

/** Ctrl-C. */
export class InterruptedError extends TrainerError {
  readonly code = "INTERRUPTED";
  override readonly exitCode = 130;
  /** Where the checkpoint is, if there is one. */
  readonly folder: string | undefined;
  constructor(folder?: string) {
    super(
      folder === undefined
        ? "Stopped. Nothing was written; start again with the same --seed for the same run."
        : `Stopped, and all steps so far are kept. This goes on, to the same result:\n  npx glyphcast train --resume ${folder}`,
    );
    this.folder = folder;
  }
}
