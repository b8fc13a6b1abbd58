// The friction document, opened.
// Here: rows as objects, the names of pages, the sessions behind a number, names of files.
// Not here: elements (the sections), fetching (load.js).

const PAGE_COLUMNS = new Set(["page", "from_page", "to_page", "via_page"]);

/** Rows of a table as objects; pages by name, the sessions of a list as objects too. */
function open(doc, table, sessions) {
  const value = (name, cell) => {
    if (cell === null) return null;
    if (PAGE_COLUMNS.has(name)) return doc.pages[cell];
    if (name === "path") return cell.map((place) => doc.pages[place]);
    if (name === "next") return cell.map(([place, n]) => ({ page: doc.pages[place], n }));
    if (name === "sessions") return cell.map((place) => sessions[place]);
    return cell;
  };
  return table.rows.map((row) =>
    Object.fromEntries(table.columns.map((name, i) => [name, value(name, row[i])])),
  );
}

export function openDocument(doc) {
  const sessions = open(doc, doc.sessions, []);
  const opened = {};
  /** {rows, total, reason} of a table, opened when it is first asked for. */
  const table = (name) => {
    opened[name] ??= {
      rows: open(doc, doc.tables[name], sessions),
      total: doc.tables[name].n_rows,
      reason: doc.tables[name].reason,
    };
    return opened[name];
  };
  const chokepoints = () => {
    opened.choking ??= new Set(
      table("chokepoints").rows.filter((row) => row.is_chokepoint).map((row) => row.page),
    );
    return opened.choking;
  };
  const date = (doc.data_through ?? doc.generated_at).slice(0, 10);
  return {
    doc,
    table,
    page: (place) => doc.pages[place],
    isChoking: (page) => chokepoints().has(page),
    file: (what) => `${doc.dataset.name}-friction-${what}-${date}`,
  };
}
