/** The page's looks: a column on a phone, two where there is room; light, dark and printed. */
export const style = `
:root { color-scheme: light dark; --right: #2f80ed; --wrong: #e5484d; --quiet: color-mix(in srgb, CanvasText 62%, Canvas);
  --line: color-mix(in srgb, CanvasText 18%, Canvas); }
* { box-sizing: border-box; }
body { margin: 0; background: Canvas; color: CanvasText; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 2.5rem 0 .5rem; font-size: 1.2rem; }
h3 { margin: 1.25rem 0 .25rem; font-size: 1rem; }
p { margin: .25rem 0; }
.quiet, figcaption, small { color: var(--quiet); font-size: .85rem; }
.lead { margin: .75rem 0; font-size: 1.15rem; }
.figures { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: 1rem 0 0; }
.figures dt { color: var(--quiet); font-size: .85rem; }
.figures dd { margin: 0; font-size: 1.1rem; font-variant-numeric: tabular-nums; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 1.5rem 1.25rem; }
.pair { display: flex; flex-wrap: wrap; gap: 1.5rem 2rem; }
.pair figure { max-width: 100%; }
figure { margin: 0; min-width: 0; }
figure svg, figure img { display: block; max-width: 100%; height: auto; }
figure svg { background: none !important; }
img { image-rendering: pixelated; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: left; }
thead th { font-weight: 600; }
.figures-table td, .figures-table thead th + th { text-align: right; }
.mean th, .mean td { font-weight: 600; }
.figures-table td, .confusion td { white-space: nowrap; }
.values { width: 100%; }
.values th { width: 11rem; font-weight: 400; color: var(--quiet); vertical-align: top; }
.values td { overflow-wrap: anywhere; }
.card { columns: 26rem; column-gap: 2.5rem; }
.card section { break-inside: avoid; }
.card h3 { margin-top: 0; padding-top: .75rem; }
.card .values th { width: 8rem; }
.card pre { white-space: pre-wrap; }
.confusion th, .confusion td { border: 1px solid var(--line); text-align: center; min-width: 3.4rem; }
.confusion td { background: color-mix(in srgb, var(--hue) var(--tone), Canvas); print-color-adjust: exact; }
.confusion .right { --hue: var(--right); } .confusion .wrong { --hue: var(--wrong); }
.confusion small { display: block; color: inherit; font-size: .7rem; line-height: 1.1; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(7rem, 1fr)); gap: 1rem .75rem; margin: 1rem 0 0; padding: 0; list-style: none; }
.pictures li { break-inside: avoid; min-width: 0; overflow-wrap: anywhere; }
.pictures img { display: block; max-width: 100%; height: auto; border: 1px solid var(--line); }
.bad { color: var(--wrong); }
.filter { display: flex; flex-wrap: wrap; gap: .5rem 1rem; margin: .5rem 0; }
.filter[hidden], [data-away] { display: none; }
select { font: inherit; }
pre { overflow-x: auto; font-size: .85rem; }
pre { padding: .6rem .75rem; background: color-mix(in srgb, CanvasText 5%, Canvas); }
@media (max-width: 40rem) {
  .confusion { width: 100%; }
  .confusion th, .confusion td { min-width: 0; padding: .15rem 0; font-size: .7rem; }
  .confusion small { font-size: .5rem; }
  .figures-table th, .figures-table td { padding: .25rem .2rem; font-size: .8rem; }
  .values th { width: 7rem; }
  .pictures { grid-template-columns: repeat(auto-fill, minmax(5.5rem, 1fr)); }
}
@page { margin: 14mm; }
@media print {
  body { font-size: 11pt; }
  main { max-width: none; padding: 0; }
  h2, h3 { break-after: avoid; }
  figure, tr, .figures { break-inside: avoid; }
  .plots { grid-template-columns: repeat(3, 1fr); }
  .pictures { grid-template-columns: repeat(8, 1fr); }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  .filter { display: none; }
}
`;

/** Shows the mistakes of one truth, one guess, or both; without JavaScript all stay in sight. */
export const filterScript = `
const form = document.querySelector(".filter");
if (form) {
  form.hidden = false;
  form.addEventListener("change", () => {
    const { truth, guess } = form.elements;
    for (const item of document.querySelectorAll("#mistakes > li"))
      item.toggleAttribute("data-away",
        (truth.value !== "" && item.dataset.truth !== truth.value) || (guess.value !== "" && item.dataset.guess !== guess.value));
  });
}
`;
