/* One row per pair of steps that follow each other: page and event, then page and event.

The last step of a session is followed by none, so all pairs are as many as the steps but one of
each session. */
with chokepoints as (
    select page, event from marts.friction where is_chokepoint
),

-- While pairs are counted, a hash stands for each.
counted as (
    select
        hash(page, event, next_page, next_event) as pair,
        any_value(page) as from_page,
        any_value(event) as from_event,
        any_value(next_page) as to_page,
        any_value(next_event) as to_event,
        count(*) as n,
        count(distinct session_key) as n_sessions,
        count(distinct user_key) as n_users
    from core.steps
    where not is_exit
    group by pair
)

select
    from_page,                          -- Page of the step.
    from_event,                         -- Its event.
    to_page,                            -- Page of the step after it.
    to_event,                           -- The event of that.
    n,                                  -- Times the one followed the other.
    n_sessions,                         -- Sessions in which it did.
    n_users,                            -- Users to whom it happened.
    (from_page, from_event) in (select (page, event) from chokepoints)
        as is_from_chokepoint,          -- The step is a chokepoint.
    (to_page, to_event) in (select (page, event) from chokepoints)
        as is_to_chokepoint             -- The step after it is one.
from counted
