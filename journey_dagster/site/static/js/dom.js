// Making elements.
// Here: the only functions that create nodes. Text only ever arrives as text nodes, so no string
// of the data can become markup. Not here: anything that knows what a report is.

const SVG = "http://www.w3.org/2000/svg";

const isNothing = (value) => value === null || value === undefined || value === false;

function append(node, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(node, child);
    else if (!isNothing(child)) node.append(child); // what is no node becomes a text node
  }
}

function fill(node, attrs, children) {
  for (const [name, value] of Object.entries(attrs)) {
    if (!isNothing(value)) node.setAttribute(name, value === true ? "" : value);
  }
  append(node, children);
  return node;
}

export const el = (tag, attrs = {}, ...children) =>
  fill(document.createElement(tag), attrs, children);

export const svg = (tag, attrs = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attrs, children);

export const hidden = (text) => el("span", { class: "vh" }, text);

/** A button that calls `action`; never a submit. */
export function button(text, action, attrs = {}) {
  const node = el("button", { type: "button", ...attrs }, text);
  node.addEventListener("click", action);
  return node;
}

/** A length drawn as a bar: `part` of `whole`, set through CSSOM: the policy bans style="". */
export function bar(part, whole) {
  const node = el("span", { class: "bar", "aria-hidden": "true" });
  node.style.setProperty("--part", whole > 0 ? String(part / whole) : "0");
  return node;
}

/** A part behind a fold: what is in it is made when it is first opened. */
export function folded(title, make, { open, ...attrs } = {}) {
  const summary = el("summary", {}, title);
  const node = el("details", { class: "how", open, ...attrs }, summary);
  const fill = () => node.lastChild === summary && append(node, [make()]);
  summary.addEventListener("click", fill); // before it opens; "toggle" comes after
  node.addEventListener("toggle", fill);
  if (open) fill();
  return node;
}

/** Opens a fold at once: the browser tells of it only later. */
export function unfold(node) {
  node.dispatchEvent(new Event("toggle"));
  node.open = true;
}

/** A region that scrolls sideways by itself, reachable and named for the keyboard. */
export const scroller = (label, child) =>
  el("div", { class: "scroller", role: "region", tabindex: "0", "aria-label": label }, child);

/**
 * A real table. Columns: {head, cell(row), numeric?, rowHead?}; the first row-head column names
 * the row for screen readers.
 */
export function table(label, columns, rows, attrs = {}) {
  const head = columns.map((c) => el("th", { scope: "col", class: c.numeric && "num" }, c.head));
  const line = (row) =>
    columns.map((c) =>
      c.rowHead
        ? el("th", { scope: "row" }, c.cell(row))
        : el("td", { class: c.numeric && "num" }, c.cell(row)),
    );
  const node = el(
    "table",
    attrs,
    el("caption", { class: "vh" }, label),
    el("thead", {}, el("tr", {}, head)),
    el("tbody", {}, rows.map((row) => el("tr", {}, line(row)))),
  );
  return scroller(label, node);
}

/** Hides all but the first `limit` of `nodes` behind a button named `label`. */
export function showAll(nodes, limit, label) {
  if (nodes.length <= limit) return null;
  const rest = nodes.slice(limit);
  for (const node of rest) node.hidden = true;
  const more = button(label, () => {
    for (const node of rest) node.hidden = false;
    more.remove();
    rest[0].setAttribute("tabindex", "-1");
    rest[0].focus();
  });
  return more;
}
