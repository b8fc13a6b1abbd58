// The report page.
// Here: finding out whose report it is, getting it, and drawing the sections one by one.
// Not here: drawing a section (sections/), or the words of a failure (errors.js).

import { loadFailure, unknownUser, withheldUser } from "./errors.js";
import { ROOT, SLUG, UNLISTED, loadReport, loadUsers } from "./load.js";
import { utc } from "./fmt.js";
import { emptyNote, evidenceNote, header } from "./sections/header.js";
import { SECTIONS } from "./sections/list.js";
import { build, waiting } from "./sections/shell.js";

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
    if (!error.kind) throw error;
    console.error("the list of people could not be read", error);
    return null;
  }
}

/** So long the browser may be kept from showing what is drawn already. */
const PATIENCE_MS = 50;
const turn = () => new Promise((now) => setTimeout(now));

async function draw(report, users) {
  const { slug } = report.user;
  const { tier } = report.evidence;
  const [first, ...others] = SECTIONS.filter((section) => section.tiers.includes(tier));
  show(
    header(report, users),
    tier === "T0" ? emptyNote(report) : evidenceNote(report),
    build(first, report),
    ...others.map(waiting),
  );
  document.getElementById("print-source").textContent =
    `${ROOT ? `u/${slug}/` : `report.html?user=${slug}`} · built ${utc(report.generated_at)}`;
  let shown = -PATIENCE_MS; // the first section is to be seen at once
  for (const section of others) {
    if (performance.now() - shown > PATIENCE_MS) {
      await turn();
      shown = performance.now();
    }
    document.getElementById(section.id).replaceWith(build(section, report));
  }
  if (window.location.hash) {
    document.getElementById(window.location.hash.slice(1))?.scrollIntoView();
  }
}

async function start() {
  const own = document.documentElement.dataset.user; // whose report the page carries
  if (own) return draw(await loadReport(own), []);
  const slug = new URLSearchParams(window.location.search).get("user") ?? "";
  const users = await registry();
  const user = users?.find((entry) => entry.slug === slug);
  const listed = user || !users || UNLISTED.test(slug);
  if (!SLUG.test(slug) || !listed) return show(unknownUser(slug, users ?? []));
  if (user?.status === "withheld") return show(withheldUser(user));
  try {
    return await draw(await loadReport(slug), users ?? []);
  } catch (error) {
    // A name that no list has, and no report either: it was withdrawn, or there never was one.
    if (error.kind === "missing" && users && !user) return show(unknownUser(slug, users));
    throw error;
  }
}

start().catch((error) => show(loadFailure(error)));
