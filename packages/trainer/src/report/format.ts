import { stripVTControlCharacters } from "node:util";

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** 55000 → "55,000". */
export const count = (value: number): string => grouped.format(value);

/** 0.99471 → "99.47 %". Rounded down, so that 100 % means all. */
export const percent = (fraction: number, digits = 2): string => {
  const unit = 10 ** (digits + 2);
  // The tiny addition undoes what 0.9947 · 10⁴ = 9946.999… would lose.
  return `${((Math.floor(fraction * unit + 1e-6) / unit) * 100).toFixed(digits)} %`;
};

/** 0.0004 → "< 0.1 %": nothing that is there is said to be 0 %. */
export const share = (fraction: number): string => (fraction > 0 && fraction < 1e-3 ? "< 0.1 %" : percent(fraction, 1));

/** 75.2 → "1:15". */
export const clock = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

/** 334102 → "334.1 kB". */
export const bytes = (value: number): string => {
  if (value < 1000) return `${value} B`;
  return value < 1e6 ? `${(value / 1e3).toFixed(1)} kB` : `${(value / 1e6).toFixed(1)} MB`;
};

/** "1 error", "53 errors". */
export const plural = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

/** Rows as aligned columns, two spaces apart; a column is aligned right where `right` says so. */
export function columns(rows: readonly (readonly string[])[], right: readonly boolean[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, widthOf(cell));
  return rows.map((row) =>
    row
      .map((cell, i) => {
        const blank = " ".repeat(widths[i]! - widthOf(cell));
        return right[i] ? blank + cell : cell + blank;
      })
      .join("  ")
      .trimEnd(),
  );
}

/** How many columns a text takes on a terminal: colour codes take none. */
export const widthOf = (text: string): number => stripVTControlCharacters(text).length;
