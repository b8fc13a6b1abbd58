"""The way of a user's sessions through pages, step by step.

Belongs here: the query over steps and the part of the document made of it.
Does not belong here: the way of all users together (`sql/marts/sankey.sql`), drawing.

Pages whose addresses begin with the same part are one group, and a group that follows itself is one
step. A step keeps its busiest groups, all others are one place; a session that has ended stays in
the place of those for all steps after. So each step holds every session. Below `LEAST_SESSIONS`
there are no steps, only the paths.
"""

from collections.abc import Mapping, Sequence
from typing import Any

STEPS = 5
PAGES = 6
PATHS = 20
LEAST_SESSIONS = 10
OTHER, EXIT = "(other)", "(exit)"
_KINDS = {OTHER: "other", EXIT: "exit"}

QUERY = f"""
with places as materialized (
    select
        page_key,
        -- What follows a question mark may be a secret.
        coalesce(nullif(regexp_extract(page, '^[^?#]*'), ''), '/') as shown,
        regexp_replace(shown, '^(/[^/]+)/.+$', '\\1/…') as place
    from core.page_names
),

moves as (
    select user_key, session_key, step_index, place,
        place is distinct from lag(place) over (partition by session_key order by step_index) as is_new
    from core.placements
    join places using (page_key)
    where user_key in (select user_key from core.user_ids where user_id = any($users))
),

ways as materialized (
    select
        user_key,
        list(place order by step_index)[:{STEPS}] as pages,
        count(*) > {STEPS} as is_longer
    from moves
    where is_new
    group by user_key, session_key
),

paths as materialized (
    select user_key, pages, is_longer, count(*) as n from ways group by all
),

busiest as (
    select user_key, step, pages[step] as place
    from paths
    cross join (select unnest(range(1, {STEPS + 1})) as step)
    where step <= len(pages)
    group by user_key, step, place
    qualify row_number() over (partition by user_key, step order by sum(n) desc, place) <= {PAGES}
),

links as (
    select user_key, step, pages[step] as here, pages[step + 1] as there, sum(n)::bigint as n
    from paths
    cross join (select unnest(range(1, {STEPS})) as step)
    group by all
),

named as (
    select
        links.user_key,
        links.step,
        if(here is null, '{EXIT}', coalesce(near.place, '{OTHER}')) as here,
        if(there is null, '{EXIT}', coalesce(far.place, '{OTHER}')) as there,
        n
    from links
    left join busiest as near on (near.user_key, near.step, near.place) = (links.user_key, links.step, here)
    left join busiest as far on (far.user_key, far.step, far.place) = (links.user_key, links.step + 1, there)
),

counted as (
    select user_key, step, [here, there] as pages, false as is_longer, sum(n)::bigint as n from named group by all
    union all
    select user_key, 0, pages, is_longer, n
    from paths
    qualify row_number() over (partition by user_key order by n desc, pages, is_longer) <= {PATHS}
),

totals as (
    select user_key, count(*) as n_paths, coalesce(sum(n) filter (is_longer), 0)::bigint as n_longer
    from paths
    group by all
)

select user_id, step, pages, is_longer, n, n_paths, n_longer
from counted
join totals using (user_key)
join core.user_ids using (user_key)
order by user_id, step, n desc, pages, is_longer
"""  # noqa: E501  constants of this module; a line of SQL is no prose
"""Of each user: sessions by path, the commonest, as step 0, and by pair of places, as the step
they lead from; beside each, how many paths there are and how many sessions go on behind the last
step."""


def journey(n_sessions: int, rows: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """The part of a user's document.

    Args:
        n_sessions: all sessions of the user.
        rows: what the query says of the user.
    """
    paths = [(pages, is_longer, n) for step, pages, is_longer, n, *_ in rows if step == 0]
    links = [(step, *pages, n) for step, pages, _, n, *_ in rows if step > 0]
    n_paths, n_longer = rows[0][-2:] if rows else (0, 0)
    if n_sessions < LEAST_SESSIONS:
        links = []
    nodes: dict[tuple[int, str], int] = {}
    for step, here, there, n in links:
        nodes.setdefault((step + 1, there), 0)
        nodes[step + 1, there] += n
        if step == 1:
            nodes.setdefault((1, here), 0)
            nodes[1, here] += n
    order = sorted(nodes, key=lambda node: _place(node, nodes))
    number = {node: index for index, node in enumerate(order)}
    return {
        "n_sessions": n_sessions,
        "least_sessions": LEAST_SESSIONS,
        "n_longer": n_longer,
        "nodes": [
            {
                "step": step,
                "kind": _KINDS.get(page, "page"),
                "page": page if page not in _KINDS else None,
                "n": nodes[step, page],
            }
            for step, page in order
        ],
        "links": sorted(
            (
                {"from": number[step, here], "to": number[step + 1, there], "n": n}
                for step, here, there, n in links
            ),
            key=lambda link: (link["from"], link["to"]),
        ),
        "n_paths": n_paths,
        "paths": [
            {"pages": pages, "is_longer": is_longer, "n": n} for pages, is_longer, n in paths
        ],
    }


def _place(node: tuple[int, str], nodes: Mapping[tuple[int, str], int]) -> tuple[Any, ...]:
    """Steps in order; in each the busiest page first, other pages and the end last."""
    step, page = node
    return step, page == EXIT, page == OTHER, -nodes[node], page
