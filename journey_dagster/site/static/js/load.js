// Reading the data files.
// Here: one way to fetch a file, the check of its contract version, and the ways this can fail,
// each under its own name. Not here: the words shown for a failure; those are errors.js.

const SUPPORTED_MAJOR = 1;
export const SLUG = /^[a-z0-9-]{1,64}$/;
/** The name of a report that no list has: whoever knows it may read the report. */
export const UNLISTED = /^[0-9a-f]{32}$/;

class LoadError extends Error {
  /** kind: "missing" | "invalid" | "newer"; detail: the path and what was found there. */
  constructor(kind, detail) {
    super(`${kind}: ${detail.path}`);
    this.kind = kind;
    this.detail = detail;
  }
}

/** The way to the site's own folder; a page further down says so. */
export const ROOT = document.documentElement.dataset.root ?? "";

/** The data that a page carries in itself; null where it has to be fetched. */
const carried = (path) =>
  document.querySelector(`script[type="application/json"][data-path="${CSS.escape(path)}"]`);

/** Whether the page is a single file, with nothing beside it. */
export const isAlone = () => document.querySelector("script[data-path]") !== null;

async function answer(path) {
  try {
    return await fetch(`${ROOT}${path}`, { cache: "no-cache" });
  } catch (error) {
    throw new LoadError("missing", { path, status: `no answer (${error.message})` });
  }
}

function parse(path, text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LoadError("invalid", { path, reason: error.message });
  }
}

async function fetched(path) {
  const response = await answer(path);
  if (!response.ok) throw new LoadError("missing", { path, status: `HTTP ${response.status}` });
  return response.text();
}

// What was asked for, also by the script that runs ahead of the page's own (ahead.js). Its LoadError
// is another class, so errors are told by their kind.
const asked = (window.asked ??= new Map());

function text(path) {
  if (!asked.has(path)) asked.set(path, fetched(path));
  return asked.get(path);
}

async function load(path) {
  const data = parse(path, carried(path)?.textContent ?? (await text(path)));
  const version = data?.schema_version;
  if (typeof version !== "string") {
    throw new LoadError("invalid", { path, reason: "there is no schema_version in it" });
  }
  if (Number.parseInt(version, 10) > SUPPORTED_MAJOR) {
    throw new LoadError("newer", { path, version, supported: SUPPORTED_MAJOR });
  }
  return data;
}

export const loadFriction = () => load("data/friction.json");
export const loadUsers = () => load("data/users.json");
export const loadStatus = () => load("data/status.json");
export const loadDictionary = () => load("data/dictionary.json");
export const loadReport = (slug) => load(`data/${slug}.json`);
export const reportAddress = (slug) => `${ROOT}report.html?user=${encodeURIComponent(slug)}`;
