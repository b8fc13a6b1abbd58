/* One row per fragile flow: a closed session with at least two chokepoints on its way.

A chokepoint that comes again counts once: who searches three times met one obstacle, not three. */
with judged as (
    select page, event, is_chokepoint, is_natural_exit
    from marts.friction
    where is_chokepoint or is_natural_exit
),

met as (
    select
        session_key,
        count(*) as n_chokepoint_steps,
        bool_or(is_last) as ends_at_chokepoint,
        list_sort(list({'at': first_at, 'page': page})) as chokepoints
    from (
        select session_key, page, event, min(step_index) as first_at, bool_or(is_exit) as is_last
        from core.steps
        join judged using (page, event)
        where is_chokepoint
        group by session_key, page, event
    )
    group by session_key
    having count(*) >= 2
),

walked as (
    select
        session_key,
        list_sort(list({'at': step_index, 'page': page})) as steps,
        bool_or(coalesce(is_natural_exit, false)) as is_completed
    from core.steps
    semi join met using (session_key)
    left join judged using (page, event)
    group by session_key
)

select
    session_id,                         -- The session.
    user_id,                            -- Id of its user.
    started_at,                         -- First step, in UTC.
    duration_seconds,                   -- From first to last step.
    n_steps,                            -- Steps.
    n_chokepoint_steps,                 -- Chokepoints among them; one that comes again counts once.
    list_transform(steps, lambda step: step.page) as path, -- Page of each step.
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
