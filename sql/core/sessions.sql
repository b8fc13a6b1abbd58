/* One row per session of a user. */
with ends as (
    select max(occurred_at) as data_through from core.steps
)

select
    session_id,                         -- Session; made of its user and first event, so it is stable.
    user_id,                            -- Id of the user.
    user_key,                           -- The user as an integer.
    min(occurred_at) as started_at,     -- First step, in UTC.
    max(occurred_at) as ended_at,       -- Last step, in UTC.
    (epoch_us(max(occurred_at)) - epoch_us(min(occurred_at))) / 1000000 as duration_seconds, -- From first to last step.
    count(*) as n_steps,                -- Steps.
    count(distinct page_key) as n_pages, -- Distinct pages.
    arg_min(page, step_index) as entry_page, -- Page it starts on.
    arg_max(page, step_index) as exit_page, -- Page it ends on.
    arg_max(event, step_index) as exit_event, -- Event it ends with.
    epoch_us(any_value(data_through)) - epoch_us(max(occurred_at)) <= $session_gap_us
        and row_number() over (
            partition by user_key order by max(occurred_at) desc, min(occurred_at) desc, session_id
        ) = 1 as is_open                -- May still go on: its user's last, and the data ends within the gap.
from core.steps
cross join ends
group by session_id, user_id, user_key
