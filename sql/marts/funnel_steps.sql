/* One row per step of a funnel: who got there, in order and in time.

Whoever does the first step begins an attempt, and has the funnel's window from then on, in however
many sessions. Each further step is the next event that fits, later than the one before. A user
counts once, with the best attempt: the one that gets furthest, of several the first to get there,
timed from its last beginning. Who has not finished, but still has time when the data ends, is in
progress and in no rate. Rates carry 95 % Wilson intervals. */
with recursive definitions as (
    select
        funnel,
        (window_hours * 3600000000)::bigint as window_us,
        step_no,
        coalesce(
            step,
            concat_ws(' on ', array_to_string(events, ' or '), array_to_string(pages, ' or '))
        ) as step,
        pages,
        events
    from raw.funnels
),

-- What happens on the site is matched once, not each time that it happens.
matched as (
    select page, event, funnel, window_us, step_no
    from (select distinct page, event from core.steps)
    join definitions
        on (pages is null or list_contains(pages, page))
        and (events is null or list_contains(events, event))
),

-- The place of an event among those of its user, across sessions.
placed as (
    select
        user_key, page, event,
        epoch_us(occurred_at) as us,
        row_number() over (
            partition by user_key order by occurred_at, started_at, session_key, step_index
        ) as place
    from core.steps
    semi join matched using (page, event)
    join (select session_key, started_at from core.sessions) using (session_key)
),

fitting as (
    select funnel, window_us, step_no, user_key, place, us
    from placed
    join matched using (page, event)
),

-- Events that end a way through the first steps in time, each with the latest such beginning.
reached as (
    select funnel, window_us, step_no, user_key, place, us, place as start_place, us as start_us
    from fitting
    where step_no = 1
    union all
    select funnel, window_us, step_no, user_key, place, us, latest_place as start_place, latest_us as start_us
    from (
        select
            *,
            max(start_place) over earlier as latest_place,
            max(start_us) over earlier as latest_us
        from (
            select * from reached
            union all by name
            select fitting.*
            from fitting
            semi join (select distinct funnel, user_key, step_no + 1 as step_no from reached)
                using (funnel, user_key, step_no)
        )
        window earlier as (
            partition by funnel, user_key order by place, start_place nulls first
            rows between unbounded preceding and 1 preceding
        )
    )
    where start_place is null and us - latest_us <= window_us
),

-- The best attempt of each user; and whether any may still get further.
attempts as (
    select
        funnel, user_key,
        arg_min(start_place, (-step_no, place)) as start_place,
        max(step_no) < any_value(n_steps)
            and max(us) filter (step_no = 1) + any_value(window_us)
                >= (select epoch_us(max(ended_at)) from core.sessions) as is_in_progress
    from reached
    join (select funnel, max(step_no) as n_steps from definitions group by all) using (funnel)
    group by all
),

got_there as (
    select funnel, step_no, user_key, is_in_progress, min(us - start_us) as waited_us
    from reached
    join attempts using (funnel, user_key, start_place)
    group by all
),

counted as (
    select
        funnel, step_no,
        count(*) filter (not is_in_progress) as n_reached,
        count(*) filter (is_in_progress) as n_in_progress,
        median(waited_us) filter (not is_in_progress) / 1000000 as median_seconds
    from got_there
    group by all
),

-- Whoever did every step up to one has as many different steps as that one's number.
did as (
    select
        funnel, step_no, is_in_progress,
        row_number() over (partition by funnel, user_key order by step_no) = step_no as has_all_before
    from (select distinct funnel, step_no, user_key from fitting)
    left join attempts using (funnel, user_key)
),

done as (
    select
        funnel, step_no,
        count(*) as n_users_seen,
        count(*) filter (has_all_before and not is_in_progress) as reached_any_order
    from did
    group by all
),

rates as (
    select
        definitions.*,
        coalesce(n_reached, 0) as n_reached,
        coalesce(n_in_progress, 0) as n_in_progress,
        median_seconds,
        coalesce(reached_any_order, 0) as reached_any_order,
        coalesce(n_users_seen, 0) as n_users_seen,
        first_value(coalesce(n_reached, 0)) over one_funnel as n_users_started,
        lag(coalesce(n_reached, 0)) over one_funnel as n_previous,
        coalesce(n_reached, 0) / nullif(n_users_started, 0) as start_rate,
        coalesce(n_reached, 0) / nullif(n_previous, 0) as previous_rate
    from definitions
    left join counted using (funnel, step_no)
    left join done using (funnel, step_no)
    window one_funnel as (partition by funnel order by step_no)
)

select
    funnel,                             -- Name of the funnel.
    window_us / 3600000000 as window_hours, -- Time from the first step to the last.
    step_no,                            -- Position of the step, from 1.
    step,                               -- Name of the step.
    n_users_started,                    -- Users who did the first step; without those in progress.
    n_reached,                          -- Of them, those who got here in order and in time.
    n_in_progress,                      -- Users who got here so far and may still finish; in no rate.
    n_previous,                         -- Users who got to the step before; null on the first.
    previous_rate,                      -- Share of the step before; null on the first, or where nobody got there.
    case when previous_rate is not null then greatest(
        (2 * n_reached + 3.8416 - 1.96 * sqrt(3.8416 + 4 * n_reached * (1 - previous_rate)))
        / (2 * n_previous + 7.6832), 0
    ) end as previous_rate_low,         -- Lower bound of that rate, 95 % Wilson.
    case when previous_rate is not null then least(
        (2 * n_reached + 3.8416 + 1.96 * sqrt(3.8416 + 4 * n_reached * (1 - previous_rate)))
        / (2 * n_previous + 7.6832), 1
    ) end as previous_rate_high,        -- Upper bound of that rate.
    start_rate,                         -- Share of those who started; 1 on the first step, null if nobody did.
    case when step_no = 1 then start_rate when start_rate is not null then greatest(
        (2 * n_reached + 3.8416 - 1.96 * sqrt(3.8416 + 4 * n_reached * (1 - start_rate)))
        / (2 * n_users_started + 7.6832), 0
    ) end as start_rate_low,            -- Lower bound of that rate, 95 % Wilson; the first step is known.
    case when step_no = 1 then start_rate when start_rate is not null then least(
        (2 * n_reached + 3.8416 + 1.96 * sqrt(3.8416 + 4 * n_reached * (1 - start_rate)))
        / (2 * n_users_started + 7.6832), 1
    ) end as start_rate_high,           -- Upper bound of that rate.
    median_seconds,                     -- Median from the start to here; null if nobody got here.
    reached_any_order,                  -- Users who did every step up to this one in any order, at any time.
    n_users_seen                        -- Users who did this step at all, whatever else they did.
from rates
