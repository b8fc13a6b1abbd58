// Tables that can be sorted, filtered and taken away.
// Here: headers that sort, the filter, long lists, CSV and Markdown of the rows as they are shown.
// Not here: which columns; every section brings its own (columns.js). On a narrow screen a row is a
// block, which costs a table its meaning, so every part states its role.
//
// A column is {key, value(row), head, cell(row), order?(row), numeric?, rises?, rowHead?, hint?}:
// `value` is what the CSV holds, `cell` what is seen (none: it is in the CSV alone), `order` what
// it is sorted by where that is not `value`; `rises` sorts the smallest first.

import { csvButton } from "../csv.js";
import { button, el, scroller } from "../dom.js";
import { int, plural } from "../fmt.js";
import { chosen, keep } from "../state.js";

const SHOWN = window.matchMedia("(max-width: 40rem)").matches ? 6 : 20;

/** Nothing known comes last, whichever way; equal rows keep the order they came in. */
function compare(a, b, sign) {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a === "string") return sign * (a < b ? -1 : a > b ? 1 : 0);
  return sign * (a - b);
}

const orderOf = (column) => column.order ?? column.value;

function sorted(rows, columns, by) {
  const column = columns.find((c) => c.key === by.replace(/^-/, ""));
  if (!column) return rows;
  const sign = by.startsWith("-") ? -1 : 1;
  return [...rows].sort((a, b) => compare(orderOf(column)(a), orderOf(column)(b), sign));
}

function headCell(column, by, resort) {
  const isBy = by.replace(/^-/, "") === column.key;
  const isDown = by.startsWith("-");
  const falls = isBy ? !isDown : column.numeric && !column.rises;
  const arrow = isBy ? (isDown ? "▼" : "▲") : "";
  return el(
    "th",
    {
      scope: "col",
      role: "columnheader",
      class: column.numeric && "num",
      "aria-sort": isBy ? (isDown ? "descending" : "ascending") : "none",
    },
    button(
      [column.head, el("span", { class: "arrow", "aria-hidden": "true" }, arrow)],
      () => resort(falls ? `-${column.key}` : column.key),
      { class: "sort", title: column.hint },
    ),
  );
}

function bodyCell(column, row) {
  const content = column.cell(row);
  if (column.rowHead) return el("th", { scope: "row", role: "rowheader" }, content);
  const attrs = { role: "cell", class: column.numeric && "num", "data-head": column.head };
  return el("td", attrs, el("div", {}, content));
}

const bodyRow = (columns, row, attrs) =>
  el("tr", { role: "row", ...attrs?.(row) }, columns.map((column) => bodyCell(column, row)));

const plainText = (node) => node.textContent.replace(/\s+/g, " ").trim().replaceAll("|", "\\|");

/** The table as it is shown, without the arrows of its heads. */
function markdown(table) {
  const words = (cell) => plainText(cell.querySelector(".sort")?.firstChild ?? cell);
  const lines = [...table.rows].map((row) => `| ${[...row.cells].map(words).join(" | ")} |`);
  const rules = [...table.rows[0].cells].map((c) => (c.matches(".num") ? "---:" : "---"));
  return [lines[0], `|${rules.join("|")}|`, ...lines.slice(1)].join("\n");
}

function copyButton(table) {
  const copy = async () => {
    let told = "Copied";
    try {
      await navigator.clipboard.writeText(`${markdown(table())}\n`);
    } catch (error) {
      told = `Not copied: ${error.name}`;
    }
    node.textContent = told;
    setTimeout(() => { node.textContent = "Copy as Markdown"; }, 2000);
  };
  const node = button("Copy as Markdown", copy, { class: "quiet", "aria-live": "polite" });
  return node;
}

/**
 * A table with its controls.
 *
 * name: of its choices in the address and of its files; label: for those who do not see it;
 * rows: in the order they come in, which is the first order unless `by` says another;
 * text: what of a row the filter looks at, named findLabel; keepRow: a further filter;
 * controls: elements beside the filter, which redraw; told: a sentence on what is hidden.
 */
export function listing(data, options) {
  const { name, label, columns, rows, text, rowAttrs } = options;
  const seen = columns.filter((column) => column.cell);
  const first = options.by ?? "";
  const place = el("div", {});
  const status = el("p", { class: "muted", role: "status" });
  let by = chosen(`${name}.sort`, first);
  let isOpen = false;
  let current = [];
  let table = null;
  const search = text && el("input", { type: "search", autocomplete: "off", spellcheck: "false" });
  if (search) search.value = chosen(`${name}.q`, "");

  const kept = () => rows.filter((row) => options.keepRow?.(row) ?? true);
  const tableOf = (shown, limit) =>
    el(
      "table",
      { class: "listing", role: "table" },
      el("caption", { class: "vh" }, label),
      el("thead", { role: "rowgroup" },
        el("tr", { role: "row" }, seen.map((c) => headCell(c, by, resort)))),
      el("tbody", { role: "rowgroup" }, shown.map((row, i) => {
        const line = bodyRow(seen, row, rowAttrs);
        line.hidden = i >= limit;
        return line;
      })),
    );
  const draw = () => {
    const wanted = search ? search.value.trim() : "";
    const fits = (row) => !wanted || text(row).toLowerCase().includes(wanted.toLowerCase());
    current = sorted(kept().filter(fits), columns, by);
    const limit = isOpen ? current.length : SHOWN;
    table = tableOf(current, limit);
    const nothing = el("p", { class: "absent" }, "No row is left by these filters.");
    const open = () => {
      isOpen = true;
      draw();
    };
    place.replaceChildren(current.length > 0 ? scroller(label, table) : nothing);
    if (current.length > limit) place.append(button(`Show all ${int(current.length)} rows`, open));
    const found = wanted && `${plural(current.length, "row")} with “${wanted}”`;
    status.textContent = [options.told?.(), found].filter(Boolean).join(" · ");
  };
  function resort(next) {
    by = next;
    keep(`${name}.sort`, by, first);
    draw();
    place.querySelector('th:not([aria-sort="none"]) .sort')?.focus();
  }
  search?.addEventListener("input", () => {
    keep(`${name}.q`, search.value, "");
    draw();
  });
  draw();
  const csv = () => [
    columns.map((c) => c.key),
    ...current.map((row) => columns.map((c) => c.value(row))),
  ];
  const finder = search &&
    el("label", { class: "field grow" }, el("span", {}, options.findLabel), search);
  return el(
    "div",
    { class: "listing-box" },
    (search || options.controls) &&
      el("div", { class: "controls" }, finder, options.controls?.(draw)),
    status,
    place,
    el(
      "div",
      { class: "tools" },
      csvButton(data.file(name), csv),
      copyButton(() => table),
      options.note && el("p", { class: "muted" }, options.note),
    ),
  );
}

/** How many of all rows the page holds, where it does not hold all. */
export const heldOf = ({ rows, total }, one = "row") =>
  rows.length < total
    ? `The first ${int(rows.length)} of ${plural(total, one)}; all of them in the CSV files below.`
    : null;

