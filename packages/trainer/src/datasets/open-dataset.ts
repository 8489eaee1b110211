import { resolve } from "node:path";
import { DatasetError, UsageError } from "../errors.ts";
import type { Dataset } from "./labelled-images.ts";
import type { FolderOptions } from "./picture-folder.ts";
import { stepsForPixels } from "./picture-steps.ts";

export type DatasetOptions = FolderOptions;

interface Source {
  /** How it is written, for messages and help. */
  readonly form: string;
  readonly describe: string;
  /** `path` is what follows the colon, as an absolute path. */
  readonly open: (path: string | undefined, options: DatasetOptions) => Promise<Dataset>;
}

/** What `--data` takes: a kind, and after a colon where it lies. Each is loaded when it is asked for. */
export const sources = {
  mnist: {
    form: "mnist",
    describe: "60,000 + 10,000 handwritten digits, or mnist:DIR for the four files in a folder",
    open: async (path, options) => {
      const { loadMnist } = await import("./mnist.ts");
      const mnist = await loadMnist(path === undefined ? {} : { directory: path });
      return { ...mnist, preprocess: stepsForPixels(mnist.imageShape, options) };
    },
  },
  idx: {
    form: "idx:DIR",
    describe: "four IDX files, such as Fashion-MNIST's, with .gz or without",
    open: async (path, options) => (await import("./idx-folder.ts")).loadIdxFolder(path!, options),
  },
  csv: {
    form: "csv:FILE",
    describe: "label,pixel0,pixel1,… and a row per picture, as Kaggle has them",
    open: async (path, options) => (await import("./csv.ts")).loadCsv(path!, options),
  },
  images: {
    form: "images:DIR",
    describe: "pictures in a folder per class, or such folders in train/, val/ and test/",
    open: async (path, options) => (await import("./picture-folder.ts")).loadPictureFolder(path!, options),
  },
} as const satisfies Record<string, Source>;

/**
 * Opens what `--data` names, checks it, and leaves its test pictures alone until they are asked for.
 *
 * @throws UsageError for a kind that is not known; DatasetError for data that cannot be used.
 */
export async function openDataset(source: string, cwd: string, options: DatasetOptions = {}): Promise<Dataset> {
  const kind = kindOf(source);
  const { open, form }: Source = Object.hasOwn(sources, kind) ? sources[kind as keyof typeof sources] : unknown(source);
  const where = source.slice(kind.length + 1);
  if (where === "" && form !== kind) throw new UsageError(`--data: "${source}" does not say where it lies: ${form}.`);
  return checked(await open(where === "" ? undefined : resolve(cwd, where), options), source);
}

/** What comes before the colon. */
export const kindOf = (source: string): string => source.split(":", 1)[0]!;

function unknown(source: string): never {
  const forms = Object.values(sources).map(({ form }) => form);
  throw new UsageError(`--data: "${source}" is not a dataset.\n  Known are ${forms.join(", ")}.`);
}

/** What no kind of data may lack. */
function checked(dataset: Dataset, source: string): Dataset {
  const { train, labels } = dataset;
  const classes = new Set(train.labels).size;
  const fail = (found: string, expected: string): never => {
    const mend = "A classifier learns from several pictures of each of several classes.";
    throw new DatasetError({ path: source, found, expected, mend });
  };
  if (classes < 2) fail("pictures of one class only", "pictures of two or more classes");
  if (train.count < labels.length) fail(`${train.count} pictures`, `at least one for each of ${labels.length} classes`);
  return dataset;
}
