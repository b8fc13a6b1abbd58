"""Writes the graph of pages: GraphML for graph programs, node-link JSON for everything else.

Belongs here: the two formats, row by row. Does not belong here: which pages and ways there are
(`sql/marts`), the other files of an export (`tables`, `documents`).

A node is a page, an edge is a way from it to the next page with the event there: a multigraph, with
as many edges between two pages as there are events. Entries and exits are counts of a page, not
nodes, so that what flows in equals what flows out and no way leads through the outside.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import duckdb

from journey_dagster.friction_export.stream import rows_of, write_object

NODES = """
    select
        'n' || (row_number() over (order by flows.page) - 1) as id,
        flows.page as label,
        flows.n_entries, flows.n_inflow, flows.n_outflow, flows.n_exits,
        centrality.n_sessions, centrality.session_share, centrality.betweenness,
        pairs.telomesh_score, pairs.n_chokepoints
    from marts.page_flows as flows
    left join marts.page_centrality as centrality using (page)
    left join (
        select
            page,
            max(telomesh_score) filter (not is_natural_exit) as telomesh_score,
            count_if(is_chokepoint)::bigint as n_chokepoints
        from marts.friction
        group by all
    ) as pairs using (page)
    order by flows.page
"""

EDGES = """
    with nodes as (
        select page, 'n' || (row_number() over (order by page) - 1) as id from marts.page_flows
    )
    select
        sources.id as source_id, targets.id as target_id, from_page, to_page,
        event, n as weight, n_sessions, n_users
    from marts.transitions
    join nodes as sources on sources.page = from_page
    join nodes as targets on targets.page = to_page
    where from_page <> '(entry)' and to_page <> '(exit)'
    order by from_page, to_page, event
"""


class Key(NamedTuple):
    """An attribute of a node or an edge, with its type in GraphML."""

    name: str
    type: str


NODE_KEYS = (
    Key("label", "string"),
    Key("n_entries", "long"),
    Key("n_inflow", "long"),
    Key("n_outflow", "long"),
    Key("n_exits", "long"),
    Key("n_sessions", "long"),
    Key("session_share", "double"),
    Key("betweenness", "double"),
    Key("telomesh_score", "double"),
    Key("n_chokepoints", "long"),
)
EDGE_KEYS = (
    Key("event", "string"),
    Key("weight", "long"),
    Key("n_sessions", "long"),
    Key("n_users", "long"),
)


def write_graphml(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Write the graph as GraphML.

    A page's name is the attribute `label`; what XML cannot hold of it is written as in JSON, with
    a backslash (`unescape` undoes it). What is not known has no element.

    Returns:
        The number of edges.
    """
    n_edges = 0
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        out.write('<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
        for key in NODE_KEYS:
            out.write(_key("node", key))
        for key in EDGE_KEYS:
            out.write(_key("edge", key))
        out.write('<graph id="journeys" edgedefault="directed">\n')
        for node in rows_of(con, NODES):
            out.write(f'<node id="{node["id"]}">{_data("node", NODE_KEYS, node)}</node>\n')
        for edge in rows_of(con, EDGES):
            ends = f'source="{edge["source_id"]}" target="{edge["target_id"]}"'
            data = _data("edge", EDGE_KEYS, edge)
            out.write(f'<edge id="e{n_edges}" {ends}>{data}</edge>\n')
            n_edges += 1
        out.write("</graph>\n</graphml>\n")
    return n_edges


def write_node_link(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Write the graph as node-link JSON: nodes with their `id`, edges with `source` and `target`.

    Returns:
        The number of edges.
    """
    written = write_object(
        path,
        {
            "directed": True,
            "multigraph": True,
            "graph": {},
            "nodes": _linked_nodes(con),
            "edges": _linked_edges(con),
        },
    )
    return written["edges"]


def _linked_nodes(con: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    for node in rows_of(con, NODES):
        yield {"id": node["label"]} | {key.name: node[key.name] for key in NODE_KEYS[1:]}


def _linked_edges(con: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    for edge in rows_of(con, EDGES):
        ends = {"source": edge["from_page"], "target": edge["to_page"], "key": edge["event"]}
        yield ends | {key.name: edge[key.name] for key in EDGE_KEYS}


def _key(of: str, key: Key) -> str:
    return f'<key id="{of}_{key.name}" for="{of}" attr.name="{key.name}" attr.type="{key.type}"/>\n'


def _data(of: str, keys: tuple[Key, ...], row: Mapping[str, Any]) -> str:
    return "".join(
        f'<data key="{of}_{key.name}">{xml_text(str(row[key.name]))}</data>'
        for key in keys
        if row[key.name] is not None
    )


_NOT_IN_XML = re.compile(r"[\\\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ESCAPED = re.compile(r"\\(?:\\|u([0-9a-f]{4}))")


def xml_text(text: str) -> str:
    """Any text as the content of an XML element, from which `unescape` gives it back.

    A carriage return is written as a reference, since a reader takes a bare one for a line feed.
    """
    kept = _NOT_IN_XML.sub(
        lambda found: "\\\\" if found[0] == "\\" else f"\\u{ord(found[0]):04x}", text
    )
    return escape(kept, {"\r": "&#13;"})


def unescape(text: str) -> str:
    """The text that was written, from what a reader of XML found."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else "\\", text)
