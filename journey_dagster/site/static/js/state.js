// What the reader chose, kept in the address.
// Here: reading and writing the query of the page, so that a link shows what its sender saw.
// Not here: what the choices mean; each section checks its own.

const query = new URLSearchParams(window.location.search);

export const chosen = (name, fallback) => query.get(name) ?? fallback;

/** One of `allowed`, the first of which is what the page shows by itself. */
export const choice = (name, allowed) => {
  const value = query.get(name);
  return allowed.includes(value) ? value : allowed[0];
};

/** A number from `least` up to `most`. */
export function amount(name, fallback, least, most) {
  const value = Number(query.get(name) ?? fallback);
  return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : fallback;
}

/** Keeps a choice; what the page shows by itself needs no word in the address. */
export function keep(name, value, fallback) {
  if (String(value) === String(fallback)) query.delete(name);
  else query.set(name, value);
  const text = query.toString();
  const { pathname, hash } = window.location;
  try {
    window.history.replaceState(null, "", `${pathname}${text ? `?${text}` : ""}${hash}`);
  } catch (error) {
    console.info("the address cannot be changed here", error.name);
  }
}
