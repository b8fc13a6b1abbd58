// From a number to the list it counts.
// Here: counts as buttons, and the window with the sessions or people behind one. The list is as
// long as the number, or says that it is the first of it. Not here: which sessions; the data says.

import { button, el, table } from "../dom.js";
import { int, plural, utc } from "../fmt.js";
import { isAlone, reportAddress } from "../load.js";
import { firstOf, pathOf } from "./words.js";

const person = ({ person: number, slug }) =>
  slug && !isAlone()
    ? el("a", { href: reportAddress(slug) }, `User\u00a0${number}`)
    : `User\u00a0${number}`;

const startOf = (session) =>
  el("span", { class: "day-name" }, utc(session.started_at).replace(" UTC", ""));

const sessionTable = (data, sessions) =>
  table("Sessions", [
    { head: "Session", rowHead: true, cell: (s) => el("code", {}, s.session_id) },
    { head: "User", cell: person },
    { head: "Began (UTC)", cell: startOf },
    { head: "Steps", numeric: true, cell: (s) => int(s.n_steps) },
    { head: "Pages", cell: (s) => pathOf(data, s.path, s.n_steps) },
  ], sessions);

const peopleOf = (sessions) => [
  ...new Map(sessions.map((session) => [session.person, session])).values(),
].sort((a, b) => a.person - b.person);

const peopleTable = (sessions) =>
  table("Users", [
    { head: "User", rowHead: true, cell: person },
    {
      head: "Sessions in this list",
      cell: (one) => sessions.filter((s) => s.person === one.person)
        .map((s) => el("code", { class: "path" }, s.session_id)),
    },
  ], peopleOf(sessions));

function open(title, said, content) {
  const close = button("Close", () => dialog.close(), { class: "quiet" });
  const dialog = el(
    "dialog",
    { class: "drill", "aria-labelledby": "drill-title" },
    el("div", { class: "drill-head" }, el("h2", { id: "drill-title" }, title), close),
    el("p", { class: "takeaway" }, said),
    content,
    el("p", { class: "muted" },
      "Users are numbered for this page alone. A session id is that of the warehouse."),
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}

const countButton = (n, label, action) =>
  button(int(n), action, { class: "count", "aria-label": label, "aria-haspopup": "dialog" });

/** A number of sessions; pressed, it opens them. Without any to show it is a number. */
export function sessionCount(data, n, sessions, title) {
  if (!sessions?.length) return int(n);
  const said = `${firstOf(sessions.length, n, "session")}, the latest first.`;
  return countButton(n, `${plural(n, "session")}: ${title}`, () =>
    open(title, said, sessionTable(data, sessions)));
}

/** A number of users; pressed, it opens those of them that the listed sessions are of. */
export function userCount(data, n, sessions, title) {
  if (!sessions?.length) return int(n);
  const said = `${firstOf(peopleOf(sessions).length, n, "user")}.`;
  return countButton(n, `${plural(n, "user")}: ${title}`, () =>
    open(title, said, peopleTable(sessions)));
}
