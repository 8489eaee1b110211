import { count, percent } from "../format.ts";
import type { StressSection } from "../stress-section.ts";
import { type Html, html } from "./html.ts";
import { image } from "./image.ts";

/** How the model does on pictures unlike those it was trained on, each kind with a picture. */
export function stress({ images, samples, ...result }: StressSection): Html {
  const { unchanged, corruptions, meanAccuracy, placement, enlargement } = result;
  const row = (name: string, share: number, misses: number | undefined, kind = ""): Html =>
    html`<tr class="${kind}"><th scope="row">${name}</th><td>${percent(share)}</td><td>${misses === undefined ? "" : count(misses)}</td></tr>`;
  return html`<section>
<h2>Under stress</h2>
<p>All ${count(images)} test pictures again, damaged in ways of MNIST-C and as strongly as there${
    placement === undefined ? "." : ", and enlarged tenfold, drawn a little thicker or thinner somewhere on a canvas."
  }</p>
<ol class="pictures">${samples.map(({ name, picture }) => html`<li>${image(picture, `a test picture: ${name}`, 84)}<p class="quiet">${name}</p></li>`)}</ol>
<div class="wide"><table class="figures-table">
<thead><tr><th scope="col">test pictures</th><th scope="col">read right</th><th scope="col">errors</th></tr></thead>
<tbody>${row("as they are", unchanged.accuracy, unchanged.errors)}${corruptions.map(({ name, accuracy, errors }) => row(name, accuracy, errors))}${row(`mean of the ${corruptions.length} corruptions`, meanAccuracy, undefined, "mean")}${
    placement && row("drawn on a canvas", placement.accuracy, placement.errors)
  }${enlargement && row("plainly enlarged: same answer", enlargement.agreement, enlargement.disagreements)}</tbody>
</table></div>
</section>`;
}
