/* One row per fragile flow: a closed session with at least two chokepoints on its way.

A chokepoint that comes again counts once: who searches three times met one obstacle, not three. */
with met as (
    select
        session_key,
        count(*) as n_chokepoint_steps,
        max(is_last) as ends_at_chokepoint,
        list({'page': page, 'at': first_at} order by first_at) as chokepoints
    from (
        select session_key, page, event, min(step_index) as first_at, max(is_exit) as is_last
        from core.steps
        semi join (select page, event from marts.friction where is_chokepoint) as chokepoints
            using (page, event)
        group by session_key, page, event
    )
    group by session_key
    having count(*) >= 2
),

walked as (
    select
        session_key,
        list(page order by step_index) as path,
        bool_or(list_has_any($natural_exits::varchar[], [page, event])) as is_completed
    from core.steps
    semi join met using (session_key)
    group by session_key
)

select
    session_id,                         -- The session.
    user_id,                            -- Id of its user.
    started_at,                         -- First step, in UTC.
    duration_seconds,                   -- From first to last step.
    n_steps,                            -- Steps.
    n_chokepoint_steps,                 -- Chokepoints among them; one that comes again counts once.
    path,                               -- Page of each step.
    list_transform(
        list_filter(chokepoints, lambda step, i: i = 1 or step.page <> chokepoints[i - 1].page),
        lambda step: step.page
    ) as chokepoint_path,               -- Pages of the chokepoints in the order they were met, repeats collapsed.
    is_completed,                       -- Reached a page or event where journeys are meant to end.
    ends_at_chokepoint                  -- Its last step is a chokepoint.
from met
join walked using (session_key)
join core.sessions as sessions using (session_key)
where not sessions.is_open
