"""What the graph of pages says: which page lies between others, and what shape the whole has.

Belongs here: measures that SQL cannot take, since they follow paths. Does not belong here: which
ways there are and how long they are (`sql/marts/page_ways.sql`), what is made of the measures
(`sql/marts/friction.sql`), drawing or exporting the graph.

The concept: a way is as long as it is unlikely, so the shortest path is the likeliest one
(docs/adr/0013). Everything here is a function of the graph alone: same graph, same numbers.
"""

from journey_dagster.graph.pages import PageGraph

__all__ = ["PageGraph"]
