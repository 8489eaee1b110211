import type { Rejection } from "../../evaluation/rejection.ts";
import { count, percent } from "../format.ts";
import type { Summary } from "../summary.ts";
import { type Html, html } from "./html.ts";

/** What is not answered: how many of the test pictures, and how many of pictures that are of no class. */
export function rejection({ calibration, rejected, strangers = [], testImages }: Summary): Html {
  if (calibration === undefined || calibration.reject.threshold === 0) return html``;
  const { method, threshold } = calibration.reject;
  const confidence =
    method === "probability"
      ? "Confidence is the largest probability."
      : "Confidence is the largest probability times how familiar a picture is: 1 where each layer reads what it read of training pictures, a half where one training picture in a hundred lies further out, 0 far from all of them.";
  const row = ({ of, images, rejected, auroc }: Rejection): Html =>
    html`<tr><th scope="row">${of}</th><td>${count(images)}</td><td>${percent(rejected)}</td><td>${auroc.toFixed(4)}</td></tr>`;
  return html`<section>
<h2>Rejection</h2>
<p>${confidence} Below ${threshold.toFixed(3)}, from ${calibration.from}, an answer is rejected: ${percent(rejected)} of ${count(testImages)} test pictures.</p>
${
  strangers.length === 0
    ? ""
    : html`<div class="wide"><table class="figures-table">
<thead><tr><th scope="col">drawn strangers</th><th scope="col">pictures</th><th scope="col">rejected</th><th scope="col">AUROC</th></tr></thead>
<tbody>${strangers.map(row)}</tbody>
</table></div>
<p class="quiet">AUROC: how often a test picture is surer than one of these.</p>`
}
</section>`;
}
