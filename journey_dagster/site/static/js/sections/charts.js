// Charts picked for one person.
// Here: each chart with its sentence, its table and its CSV, and the rule that a chart which cannot
// be drawn leaves its table and the other charts. Not here: drawing (figures/chart.js).

import { csvButton } from "../csv.js";
import { el, folded, table } from "../dom.js";
import { chart } from "../figures/chart.js";
import { int, month, plural } from "../fmt.js";
import { told } from "./origin.js";
import { sentence } from "./sentences.js";
import { failed, guarded } from "./shell.js";

const value = (n) => (Number.isFinite(n) ? int(n) : "–");

/** The numbers of a chart, also of one that cannot be drawn. */
function twin({ data: { labels, datasets } }, number, slug, isOpen) {
  const rows = labels.map((label, i) => ({ label, values: datasets.map((one) => one.data[i]) }));
  const columns = [
    { head: "When", rowHead: true, cell: (row) => month(row.label) },
    ...datasets.map((one, i) => ({
      head: one.label,
      numeric: true,
      cell: (row) => value(row.values[i]),
    })),
  ];
  return [
    folded(
      "Show data as table",
      () => table(`The data of chart ${number}`, columns, rows),
      { open: isOpen },
    ),
    csvButton(`${slug}-chart-${number}`, () => [
      ["when", ...datasets.map((one) => one.label)],
      ...rows.map((row) => [row.label, ...row.values]),
    ]),
  ];
}

function figure(entry, number, { facts, user }) {
  const drawn = guarded(`chart ${number}: the drawing`, () => chart(entry.config));
  return el(
    "figure",
    { class: "figure" },
    el("figcaption", {}, sentence(entry, facts)),
    drawn ?? failed(),
    guarded(`chart ${number}: the table`, () => twin(entry.config, number, user.slug, !drawn)),
  );
}

export const charts = {
  id: "charts",
  title: "Charts picked for you",
  tiers: ["T3"],
  takeaway: ({ charts: { items } }) =>
    items.length === 0
      ? "No chart was picked."
      : `${plural(items.length, "chart")} of numbers that this report holds.`,
  draw: (report) =>
    report.charts.items.length === 0
      ? el("p", { class: "muted" }, "There is nothing to draw.")
      : told(
        report.charts,
        el(
          "div",
          { class: "charts" },
          report.charts.items.map((entry, i) => figure(entry, i + 1, report)),
        ),
      ),
};
