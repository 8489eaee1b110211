import type { LabelledImages } from "../datasets/labelled-images.ts";
import { calibration as reliability } from "../evaluation/calibration.ts";
import { type Judgement, judge } from "../evaluation/judge.ts";
import type { ComparedFiles } from "../evaluation/parity.ts";
import { rejectedShare, rejectionOfDrawn } from "../evaluation/rejection.ts";
import { runModel } from "../evaluation/run-model.ts";
import { withoutTemperature } from "../evaluation/temperature.ts";
import type { Summary } from "../report/summary.ts";
import type { TrainReport } from "../report/train-report.ts";
import type { Calibration } from "./calibrate.ts";

/** What a run's test pictures say of its model: the judgement, and whether its confidence can be trusted. */
export interface RunJudgement extends Pick<Summary, "ece" | "rejected" | "strangers"> {
  readonly judgement: Judgement;
}

/** Has every runtime read the test pictures, and the served model drawings of nothing. */
export async function judgeRun(
  files: ComparedFiles,
  test: LabelledImages,
  options: {
    readonly classes: number;
    readonly calibration: Calibration | undefined;
    readonly report: TrainReport;
    /** Throws when there is reason to stop. */
    readonly check: () => void;
  },
): Promise<RunJudgement> {
  const { classes, calibration, report, check } = options;
  const run = <T>(what: string, work: () => Promise<T>): Promise<T> => report.stage(what, work);
  const judgement = await judge(files, test, classes, { run, check });
  check();
  const { probabilities, confidence } = judgement;
  const threshold = calibration?.reject.threshold ?? 0;
  const before = withoutTemperature(probabilities, classes, calibration?.temperature ?? 1);
  const strangers = await rejectionOfDrawn(test.imageShape, {
    confidence: (images) => runModel(files.onnx, "confidence", images, check),
    known: confidence,
    threshold,
  });
  return {
    judgement,
    ece: {
      before: reliability(before, test.labels, classes).ece,
      after: reliability(probabilities, test.labels, classes).ece,
    },
    rejected: rejectedShare(confidence, threshold),
    ...(strangers.length > 0 && { strangers }),
  };
}
