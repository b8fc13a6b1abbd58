// What a reader sees when a page cannot be made.
// Here: one distinct text per cause, and the nearest names for a mistyped one. Not here: finding
// out the cause (load.js), or a single section that fails (sections/shell.js).

import { el } from "./dom.js";
import { ROOT, reportAddress } from "./load.js";

function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}

/** Up to five users whose slug or name is close to what was asked for. */
function nearest(wanted, users, limit = 5) {
  const needle = wanted.toLowerCase().slice(0, 64);
  const near = (user) =>
    user.slug.includes(needle) && needle
      ? 0
      : Math.min(distance(needle, user.slug), distance(needle, user.display_name.toLowerCase()));
  return users
    .filter((user) => user.status !== "withheld")
    .map((user) => ({ user, off: near(user) }))
    .filter(({ user, off }) => off <= Math.max(2, Math.floor(user.slug.length / 2)))
    .sort((a, b) => a.off - b.off || (a.user.slug < b.user.slug ? -1 : 1))
    .slice(0, limit)
    .map(({ user }) => user);
}

const home = () =>
  el("p", {}, el("a", { class: "button", href: `${ROOT}index.html` }, "All journeys"));

function view(title, lead, ...rest) {
  document.title = `${title} · Journey`;
  return el(
    "div",
    { class: "hero", "data-error": true },
    el("h1", {}, title),
    el("p", { class: "lead" }, lead),
    rest,
    home(),
  );
}

const WORDS = {
  missing: ({ path, status }) => [
    "The data of this page is missing",
    `The file ${path} could not be read: ${status}. The page is known, its data is not there. `
      + "The operator of this site can publish it again.",
  ],
  invalid: ({ path, reason }) => [
    "The data of this page is damaged",
    `The file ${path} is not what it should be: ${reason}. `
      + "Nothing is shown rather than half of it. The operator of this site can build it again.",
  ],
  newer: ({ path, version, supported }) => [
    "The data is newer than this page",
    `This page understands version ${supported}, and ${path} has version ${version}. `
      + "Reload the page; if that does not help, the operator of this site has to publish the "
      + "pages again.",
  ],
};

/** The view for a file that could not be read, or whose content broke the frame of the page. */
export function loadFailure(error) {
  console.error(error);
  const detail = error.detail ?? { path: "its data file", reason: error.message };
  const [title, lead] = (WORDS[error.kind] ?? WORDS.invalid)(detail);
  return view(title, lead);
}

export function unknownUser(wanted, users) {
  const near = nearest(wanted, users);
  const link = ({ slug, display_name: name }) =>
    el("li", {}, el("a", { href: reportAddress(slug) }, `${name} (${slug})`));
  const shown = wanted.length > 64 ? `${wanted.slice(0, 64)}…` : wanted;
  return view(
    wanted ? `No report for “${shown}”` : "Whose report?",
    wanted
      ? "Nobody is published under this name."
      : "The address names nobody: it should end in ?user= and a name.",
    near.length > 0 && [
      el("p", {}, "Perhaps you meant:"),
      el("ul", { class: "near" }, near.map(link)),
    ],
  );
}

export const withheldUser = (user) =>
  view(`The report of ${user.display_name} is not published`, user.status_text);
