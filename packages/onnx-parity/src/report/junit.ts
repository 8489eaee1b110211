import type { ParityReport } from "../compare-runtimes.ts";
import type { PicturesReport } from "../pictures/pictures.ts";
import type { Environment } from "../target/protocol.ts";
import { picturesHead, picturesLines } from "./pictures.ts";
import { detailsOf } from "./text.ts";

/** JUnit's XML: a suite for each runtime, a case for each output. */
export function junitOf({ model, reference, runtimes, pictures, machine, version }: ParityReport): string {
  const common = { ...machine, "onnx-parity": version, sha256: model.sha256 };
  const suites = runtimes
    .filter(({ status }) => status !== "reference")
    .map(({ runtime, status, reason, outputs, seconds, environment = {} }) => {
      const failed = outputs.filter(({ agrees }) => !agrees).length;
      const lost = reason !== undefined;
      const skipped = status === "unavailable";
      const cases = outputs.map((output) => {
        const head = `    <testcase classname="${escapeXml(runtime)}" name="${escapeXml(output.output)}"`;
        if (output.agrees) return `${head}/>`;
        const text = detailsOf(output)
          .map((line) => line.trim())
          .join("\n");
        return `${head}>\n      <failure message="${escapeXml(output.problems.join("; "))}">${escapeXml(text)}</failure>\n    </testcase>`;
      });
      if (lost) {
        const what = skipped ? "skipped" : "error";
        cases.push(
          `    <testcase classname="${escapeXml(runtime)}" name="runs">\n      <${what} message="${escapeXml(reason)}"/>\n    </testcase>`,
        );
      }
      const counts = `tests="${cases.length}" failures="${failed}" errors="${lost && !skipped ? 1 : 0}" skipped="${skipped ? 1 : 0}"`;
      return `  <testsuite name="${escapeXml(runtime)}" ${counts} time="${seconds.toFixed(3)}">\n${propertiesOf({ ...common, ...environment })}\n${cases.join("\n")}\n  </testsuite>`;
    });
  if (pictures) suites.unshift(picturesSuite(pictures));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${escapeXml(`${model.name} against ${reference}`)}">\n${suites.join("\n")}\n</testsuites>\n`;
}

/** Where it was computed. */
function propertiesOf(environment: Environment): string {
  const lines = Object.entries(environment).map(
    ([name, value]) => `      <property name="${escapeXml(name)}" value="${escapeXml(`${value}`)}"/>`,
  );
  return `    <properties>\n${lines.join("\n")}\n    </properties>`;
}

/** What comes before the model is a suite of one case. */
function picturesSuite(pictures: PicturesReport): string {
  const { agrees, unavailable } = pictures;
  const name = "decoding and preprocessing";
  const text = escapeXml(picturesLines(pictures).join("\n"));
  const head = escapeXml(picturesHead(pictures));
  const inside = agrees
    ? unavailable === undefined
      ? `<system-out>${text}</system-out>`
      : `<skipped message="${head}"/>`
    : `<failure message="${head}">${text}</failure>`;
  const counts = `tests="1" failures="${agrees ? 0 : 1}" errors="0" skipped="${agrees && unavailable !== undefined ? 1 : 0}"`;
  return `  <testsuite name="${name}" ${counts}>\n    <testcase classname="${name}" name="pictures">\n      ${inside}\n    </testcase>\n  </testsuite>`;
}

/** Also for attributes. What XML cannot hold at all becomes a question mark. */
export const escapeXml = (text: string): string =>
  text
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, "?");
