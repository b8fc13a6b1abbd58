// Tables to take away.
// Here: CSV text that a spreadsheet cannot run as a formula, the button that saves it, and saving
// anything else. Not here: which rows; every section passes the rows it shows.

import { button } from "./dom.js";

/** What a spreadsheet may take for a formula, also behind apostrophes: the rule of the exports. */
const FORMULA = /^'*[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;

/** Taking one apostrophe from what FORMULA fits gives the text back; a number stays a number. */
function cell(value) {
  let text = value === null || value === undefined ? "" : String(value);
  if (typeof value !== "number" && FORMULA.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const csv = (rows) => `${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;

export function save(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** `rows` is called on the click, so that a page does not pay for files nobody wants. */
export const csvButton = (name, rows) =>
  button(
    "Download CSV",
    () => save(`${name}.csv`, new Blob([csv(rows())], { type: "text/csv;charset=utf-8" })),
    { class: "quiet" },
  );
