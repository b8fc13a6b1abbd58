// What the page is made from, its words, and what can be taken away.
// Here: the structural metrics, the glossary, the files. Not here: behaviour.

import { button, el, table } from "../dom.js";
import { int, plural, utc } from "../fmt.js";
import { isAlone } from "../load.js";
import { absent } from "./frame.js";
import { measure } from "./words.js";

const title = (metric) => {
  const text = metric.replace(/^n_/, "number of ").replaceAll("_", " ");
  return text[0].toUpperCase() + text.slice(1);
};

function metricValue({ value, reason }) {
  if (value !== null) return measure(value);
  const why = el("span", { class: "path" }, reason ?? "no reason given");
  return [el("span", {}, "not estimable"), why];
}

const interval = ({ low, high }) =>
  low === null || high === null ? "–" : `${measure(low)} to ${measure(high)}`;

const metricTable = (rows) =>
  table("Structural metrics", [
    { head: "Metric", rowHead: true, cell: (r) => title(r.metric) },
    { head: "Value", cell: metricValue },
    { head: "95 % interval", cell: interval },
    { head: "Note", cell: (r) => r.detail ?? "" },
  ], rows);

export const advanced = {
  id: "advanced",
  title: "Advanced",
  draw: (data) => {
    const { rows, reason } = data.table("metrics");
    if (reason) return absent(reason);
    const known = rows.filter((row) => row.value !== null).length;
    return el(
      "details",
      { class: "how" },
      el("summary", {},
        `Structural metrics of the graph: ${int(known)} of ${int(rows.length)} can be estimated`),
      metricTable(rows),
    );
  },
};

export const glossary = {
  id: "glossary",
  title: "Glossary",
  draw: (data) =>
    el(
      "details",
      { class: "how" },
      el("summary", {}, plural(data.doc.glossary.length, "word")),
      el("dl", { class: "terms" }, data.doc.glossary.map(({ term, text }) =>
        [el("dt", {}, term), el("dd", {}, text)])),
    ),
};

function counts({ dataset }) {
  return [
    ["Sessions", dataset.n_sessions],
    ["Of them still open", dataset.n_open_sessions],
    ["Users", dataset.n_users],
    ["Steps", dataset.n_steps],
    ["Pages", dataset.n_pages],
    ["Left out as noise", dataset.n_noise_excluded],
    ["Left out, of nobody known", dataset.n_unattributed_excluded],
  ];
}

const link = (href, text, name) => el("a", { class: "button quiet", href, download: name }, text);

function files(data) {
  const names = Object.entries(data.doc.tables).filter(([, found]) => found.n_rows > 0);
  const one = ([name, { n_rows: n }]) => {
    const words = `${title(name)} (${int(n)})`;
    return link(`data/csv/friction-${name}.csv`, words, `${data.file(name)}-all.csv`);
  };
  return el(
    "details",
    { class: "how" },
    el("summary", {}, `${plural(names.length, "table")} as CSV`),
    el("p", { class: "tools" }, names.map(one)),
  );
}

export const made = {
  id: "about",
  title: "About",
  draw: (data) => {
    const { doc } = data;
    const hasFiles = !isAlone();
    return el(
      "div",
      {},
      el("dl", { class: "facts-row" }, counts(doc).map(([term, n]) =>
        el("div", {}, el("dt", {}, term), el("dd", {}, int(n))))),
      el("p", {},
        `A session ends with a pause of more than ${int(doc.dataset.session_gap_minutes)} minutes. `
          + "One that may still go on counts as a session and as lost for nobody. Natural exits: "
          + `${doc.dataset.natural_exits.join(", ") || "none configured"}.`),
      el("p", { class: "muted" },
        `Built ${utc(doc.generated_at)} · contract version ${doc.schema_version}`),
      hasFiles && files(data),
      el(
        "p",
        { class: "tools" },
        hasFiles && link("data/friction.json", "All data (JSON)", `${data.file("page")}.json`),
        hasFiles &&
          link("export/friction.html", "This page as one file", `${data.file("page")}.html`),
        button("Print", () => window.print(), { class: "quiet" }),
      ),
    );
  },
};
