import { expect, it } from "vitest";
import { blank, gray, paste } from "../test/drawings.ts";
import { inkBox } from "./ink-box.ts";

it("is tight around what exceeds the threshold", () => {
  const image = gray("......", ".2...2", "..99..", "..9...", "2.....");
  expect(inkBox(image, 64)).toEqual({ left: 2, top: 2, right: 4, bottom: 4 });
  expect(inkBox(image, 0)).toEqual({ left: 0, top: 1, right: 6, bottom: 5 });
});

it("takes all pieces of a drawing, such as the bar of a 5", () => {
  expect(inkBox(gray("99...", ".....", "..99.", "..99."), 64)).toEqual({ left: 0, top: 0, right: 4, bottom: 4 });
});

it("leaves out a speck of dust, and takes a stroke that leads there", () => {
  const sheet = paste(blank(20, 20, 255), blank(60, 60), 10, 10);
  const dusty = paste(blank(1, 1, 255), sheet, 55, 55);
  expect(inkBox(dusty, 64)).toEqual({ left: 10, top: 10, right: 30, bottom: 30 });
  const diagonal = dusty.data.slice();
  for (let i = 30; i < 55; i++) diagonal[i * 60 + i] = 255;
  expect(inkBox({ ...dusty, data: diagonal }, 64)).toEqual({ left: 10, top: 10, right: 56, bottom: 56 });
});

it("takes everything when there is nothing but specks", () => {
  const dots = blank(90, 90);
  for (let i = 0; i < 90 * 90; i += 6) if (Math.floor(i / 90) % 6 === 0) dots.data[i] = 200;
  expect(inkBox(dots, 64)).toEqual({ left: 0, top: 0, right: 85, bottom: 85 });
});

it("is undefined without ink", () => {
  expect(inkBox(blank(5, 3, 64), 64)).toBeUndefined();
});
