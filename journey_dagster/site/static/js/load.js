// Reading the data files.
// Here: one way to fetch a file, the check of its contract version, and the ways this can fail,
// each under its own name. Not here: the words shown for a failure; those are errors.js.

const SUPPORTED_MAJOR = 1;
export const SLUG = /^[a-z0-9-]{1,64}$/;

export class LoadError extends Error {
  /** kind: "missing" | "invalid" | "newer"; detail: the path and what was found there. */
  constructor(kind, detail) {
    super(`${kind}: ${detail.path}`);
    this.kind = kind;
    this.detail = detail;
  }
}

async function answer(path) {
  try {
    return await fetch(path, { cache: "no-cache" });
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

async function load(path) {
  const response = await answer(path);
  if (!response.ok) throw new LoadError("missing", { path, status: `HTTP ${response.status}` });
  const data = parse(path, await response.text());
  const version = data?.schema_version;
  if (typeof version !== "string") {
    throw new LoadError("invalid", { path, reason: "there is no schema_version in it" });
  }
  if (Number.parseInt(version, 10) > SUPPORTED_MAJOR) {
    throw new LoadError("newer", { path, version, supported: SUPPORTED_MAJOR });
  }
  return data;
}

export const loadUsers = () => load("data/users.json");
export const loadReport = (slug) => load(`data/${slug}.json`);
export const reportAddress = (slug) => `report.html?user=${encodeURIComponent(slug)}`;
