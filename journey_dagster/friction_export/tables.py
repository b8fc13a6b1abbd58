r"""The tables of an export, as SELECTs that DuckDB writes to files by itself.

Belongs here: columns, their names, the order of the rows, cells that no spreadsheet runs.
Does not belong here: documents with a structure of their own (`documents`), the graph (`graph`).

Names are TeloMesh's where they mean the same. Its `users_lost` was a number of sessions; here it is
one of users, beside `sessions_lost`. Its `WSJF_Friction_Score` is `telomesh_score`. Flags are 0 and
1, times are ISO 8601 in UTC, what is not known is empty.
"""

from pathlib import Path

import duckdb

FORMULA = r"^('*[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}])"
"""What a spreadsheet may take for a formula, also behind apostrophes."""


def cell(text: str) -> str:
    """SQL: a cell that no spreadsheet runs.

    An apostrophe goes before what looks like a formula, and before one more where there is one
    already. So the text comes back when one apostrophe is taken from each cell that starts with
    apostrophes and a formula.
    """
    quoted = FORMULA.replace("'", "''")
    return rf"regexp_replace({text}, '{quoted}', '''\1')"


def iso(moment: str) -> str:
    """SQL: a time in UTC, such as 2026-01-01T10:00:00.000000Z."""
    return f"strftime({moment} at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"


def _percent(rate: str) -> str:
    return f"format('{{:.1f}} %', 100 * {rate})"


SESSION_FLOWS = f"""
    select
        {cell("steps.user_id")} as user_id,
        session_id,
        steps.step_index,
        {cell("steps.page")} as page,
        {cell("steps.event")} as event,
        {iso("steps.occurred_at")} as timestamp,
        sessions.is_open::tinyint as is_open
    from core.steps as steps
    join core.sessions as sessions using (session_id)
    order by steps.user_id, sessions.started_at, session_id, steps.step_index
"""

HIGH_FRICTION_FLOWS = f"""
    select
        session_id,
        steps.step_index,
        {cell("steps.page")} as page,
        {cell("steps.event")} as event,
        friction.telomesh_score,
        coalesce(friction.is_chokepoint, false)::tinyint as is_chokepoint,
        {cell("steps.user_id")} as user_id,
        {iso("steps.occurred_at")} as timestamp,
        friction.friction_rank
    from core.steps as steps
    join core.sessions as sessions using (session_id)
    left join marts.friction as friction
        on friction.page = steps.page and friction.event = steps.event
    where session_id in (select session_id from marts.fragile_flows)
    order by steps.user_id, sessions.started_at, session_id, steps.step_index
"""

EVENT_CHOKEPOINTS = f"""
    select
        {cell("friction.page")} as page,
        {cell("friction.event")} as event,
        exit_rate,
        n_users_lost as users_lost,
        betweenness,
        telomesh_score,
        is_chokepoint::tinyint as is_chokepoint,
        friction_rank,
        n_expected_lost,
        n_visits,
        n_sessions,
        n_sessions_lost as sessions_lost,
        exit_rate_low,
        exit_rate_high,
        baseline_exit_rate,
        p_value,
        p_adjusted,
        session_share,
        n_backtracks,
        n_repeats,
        n_retries,
        median_dwell_seconds,
        is_natural_exit::tinyint as is_natural_exit,
        has_support::tinyint as has_support
    from marts.friction as friction
    order by friction_rank nulls last, exit_rate_low desc, friction.page, friction.event
"""

DECISION_TABLE = f"""
    -- Of each page the event that says most: a chokepoint, the best ranked, the most frequent.
    with pages as (
        select
            *,
            count_if(is_chokepoint) over of_page as n_chokepoints,
            bool_and(is_natural_exit) over of_page as is_only_natural,
            bool_or(has_support and not is_natural_exit) over of_page as is_ranked,
            max(telomesh_score) filter (not is_natural_exit) over of_page as page_score
        from marts.friction
        window of_page as (partition by page)
        qualify row_number() over (
            partition by page
            order by is_chokepoint desc nulls last, friction_rank nulls last, n_visits desc, event
        ) = 1
    ),

    labelled as (
        select
            *,
            case
                when n_chokepoints > 0 then 'chokepoint'
                when is_only_natural then 'natural exit'
                when not is_ranked then 'too few visits'
                else 'no finding'
            end as label,
            n_sessions_lost || ' of ' || n_visits || ' visits end here: '
                || {_percent("exit_rate")} || ' (95 % interval ' || {_percent("exit_rate_low")}
                || ' to ' || {_percent("exit_rate_high")} || ')'
                || coalesce('; elsewhere ' || {_percent("baseline_exit_rate")}, '')
                || case
                    when p_adjusted is null then ''
                    when p_adjusted < 1e-12 then '; adjusted p < 1e-12'
                    else format('; adjusted p = {{:.2g}}', p_adjusted)
                end as evidence
        from pages
    )

    select
        {cell("labelled.page")} as node,
        {cell("labelled.event")} as event,
        label as ux_label,
        evidence,
        case label
            when 'chokepoint' then 'compare the sessions that end here with those that go on'
            when 'natural exit' then 'none: leaving here is success'
            when 'too few visits' then 'none yet: wait for more visits'
            else 'none'
        end as suggested_action,
        friction_rank,
        n_expected_lost,
        page_score as telomesh_score,
        betweenness,
        session_share,
        n_chokepoints,
        n_visits,
        n_sessions_lost as sessions_lost,
        n_users_lost as users_lost,
        exit_rate,
        exit_rate_low,
        exit_rate_high,
        baseline_exit_rate
    from labelled
    order by n_chokepoints = 0, friction_rank nulls last, labelled.page
"""

# Under TeloMesh's names, where it has one for the same thing.
FINAL_REPORT = """
    with names(known, metric) as (
        values
            ('n_weak_components', 'connected_components'),
            ('clustering', 'clustering_coefficient'),
            ('power_law_exponent', 'power_law_alpha')
    )

    select coalesce(names.metric, measured.metric) as metric, value, reason, low, high, detail
    from marts.graph_metrics as measured
    left join names on known = measured.metric
    order by metric
"""


def write_csv(con: duckdb.DuckDBPyConnection, path: Path, query: str) -> int:
    """Write the rows of a query as CSV with a header.

    Returns:
        The number of rows.
    """
    row = con.execute(
        f"copy ({query}) to $path (format csv, header true)", {"path": str(path)}
    ).fetchone()
    return int(row[0]) if row else 0
