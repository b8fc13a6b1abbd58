/* One row per link of the step diagram: from where sessions come, and where they are a page later.

A page that follows itself is one stop. Each column keeps its busiest pages, and the others are
(other). Sessions come from (entry); one that has ended is (exit) in all columns after, and one that
goes on behind the last column is (more). So the links of each step_index hold every session. */
with stops as (
    select
        session_key, page, next_page,
        row_number() over (partition by session_key order by step_index) as stop_no
    from core.steps
    where next_page <> page
),

-- From the stop with this number to the next; before the first there is the entry.
moves as (
    select stop_no, page, next_page, count(*) as n_sessions
    from stops
    where stop_no <= $sankey_steps
    group by all
    union all
    select 0 as stop_no, '(entry)' as page, page as next_page, count(*) as n_sessions
    from stops
    where stop_no = 1
    group by all
),

busiest as (
    select stop_no, page
    from moves
    where stop_no > 0
    group by stop_no, page
    qualify row_number() over (partition by stop_no order by sum(n_sessions) desc, page) <= $sankey_pages
),

named as (
    select
        moves.stop_no as step_index,
        if(stop_no = 0, page, coalesce(here.page, '(other)')) as from_page,
        case
            when next_page = '(exit)' then next_page
            when moves.stop_no = $sankey_steps then '(more)'
            else coalesce(there.page, '(other)')
        end as to_page,
        n_sessions
    from moves
    left join busiest as here using (stop_no, page)
    left join busiest as there on there.stop_no = moves.stop_no + 1 and there.page = moves.next_page
),

ended as (
    select later.step_index, '(exit)' as from_page, '(exit)' as to_page, n_sessions
    from named
    join (select unnest(range(2, $sankey_steps + 1)) as step_index) as later
        on later.step_index > named.step_index
    where to_page = '(exit)'
)

select
    step_index,                         -- 0 is coming in; N leads from the Nth stop of a session to the next.
    from_page,                          -- Page of the stop; (entry), (other), or (exit) when the session ended before.
    to_page,                            -- Page of the next stop; (other), (exit) when it ends, (more) when not shown.
    sum(n_sessions)::bigint as n_sessions -- Sessions that take this link.
from (from named union all from ended)
group by all
