// The report page.
// Here: finding out whose report it is, fetching it, and putting the sections in order.
// Not here: drawing a section (sections/), or the words of a failure (errors.js).

import { loadFailure, unknownUser, withheldUser } from "./errors.js";
import { LoadError, SLUG, UNLISTED, loadReport, loadUsers } from "./load.js";
import { utc } from "./fmt.js";
import { emptyNote, evidenceNote, header } from "./sections/header.js";
import { SECTIONS } from "./sections/list.js";
import { build } from "./sections/shell.js";

const main = document.getElementById("main");

function show(...nodes) {
  main.replaceChildren(...nodes.filter(Boolean));
  main.setAttribute("aria-busy", "false");
}

/** The registry, or nothing when it cannot be read: the report itself may still be there. */
async function registry() {
  try {
    return (await loadUsers()).users;
  } catch (error) {
    if (!(error instanceof LoadError)) throw error;
    console.error("the list of people could not be read", error);
    return null;
  }
}

function draw(report, users) {
  const { tier } = report.evidence;
  const fitting = SECTIONS.filter((section) => section.tiers.includes(tier));
  show(
    header(report, users),
    tier === "T0" ? emptyNote(report) : evidenceNote(report),
    ...fitting.map((section) => build(section, report)),
  );
  document.getElementById("print-source").textContent =
    `report.html?user=${report.user.slug} · built ${utc(report.generated_at)}`;
  if (window.location.hash) {
    document.getElementById(window.location.hash.slice(1))?.scrollIntoView();
  }
}

async function start() {
  const given = document.documentElement.dataset.user; // a single file holds one person
  const slug = given ?? new URLSearchParams(window.location.search).get("user") ?? "";
  const users = await registry();
  const user = users?.find((entry) => entry.slug === slug);
  const listed = user || !users || UNLISTED.test(slug);
  if (!SLUG.test(slug) || !listed) return show(unknownUser(slug, users ?? []));
  if (user?.status === "withheld") return show(withheldUser(user));
  try {
    return draw(await loadReport(slug), users ?? []);
  } catch (error) {
    // A name that no list has, and no report either: it was withdrawn, or there never was one.
    if (error.kind === "missing" && users && !user) return show(unknownUser(slug, users));
    throw error;
  }
}

start().catch((error) => show(loadFailure(error)));
