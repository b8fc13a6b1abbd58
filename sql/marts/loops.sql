/* One row per kind of loop and pages: a page that follows itself, or a way there and straight back.

There and back is A, B, A, however often each repeats; A, B, A, B is two of them. */
with stops as (
    select
        session_key, user_key, page, next_page,
        lag(page) over (partition by session_key order by step_index) as previous_page
    from core.steps
    where next_page <> page
),

loops as (
    select 'repeat' as kind, page, null as via_page, session_key, user_key
    from core.steps
    where next_page = page
    union all
    select 'backtrack', next_page, page, session_key, user_key
    from stops
    where next_page = previous_page
)

select
    kind,                               -- repeat: the page follows itself; backtrack: back to it from another page.
    page,                               -- Page that is come back to.
    via_page,                           -- The page in between; null for repeats.
    count(*) as n,                      -- Times it happened.
    count(distinct session_key) as n_sessions, -- Sessions in which it happened.
    count(distinct user_key) as n_users -- Users to whom it happened.
from loops
group by all
