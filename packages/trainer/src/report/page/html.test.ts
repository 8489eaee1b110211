import { expect, it } from "vitest";
import { html } from "./html.ts";

it("escapes what is put in, and leaves HTML and lists of it alone", () => {
  expect(html`<p title="${`"'`}">${"<script>&"}${[html`<b>${1}</b>`, "<"]}${undefined}</p>`.text).toBe(
    '<p title="&quot;&#39;">&lt;script&gt;&amp;<b>1</b>&lt;</p>',
  );
});
