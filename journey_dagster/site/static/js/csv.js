// Tables to take away.
// Here: CSV text that a spreadsheet cannot run as a formula, and the button that saves it.
// Not here: which rows; every section passes the rows it shows.

import { button } from "./dom.js";

function cell(value) {
  let text = value === null || value === undefined ? "" : String(value);
  if (typeof value !== "number" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const csv = (rows) => `${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;

/** `rows` is called on the click, so that a page does not pay for files nobody wants. */
export function csvButton(name, rows) {
  return button(
    "Download CSV",
    () => {
      const blob = new Blob([csv(rows())], { type: "text/csv;charset=utf-8" });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${name}.csv`;
      link.click();
      URL.revokeObjectURL(link.href);
    },
    { class: "quiet" },
  );
}
