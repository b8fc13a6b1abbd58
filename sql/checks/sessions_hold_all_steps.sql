/* Every attributed event that counts is one step of one session, in order, and no pause inside exceeds the gap. */
with judged as (
    select
        (select count(*) from core.events where user_id is not null and not is_noise) as n_events,
        (select count(*) from core.steps) as n_steps,
        (select coalesce(sum(n_steps), 0) from core.sessions) as n_session_steps,
        (select count(*) from core.steps where is_exit) as n_exits,
        (select count(*) from core.sessions) as n_sessions,
        (select count(*) from core.steps where dwell_seconds * 1000000 > $session_gap_us) as n_long_pauses,
        (select count(*) from core.steps where dwell_seconds < 0) as n_backwards
)

select *
from judged
where n_events <> n_steps
    or n_steps <> n_session_steps
    or n_exits <> n_sessions
    or n_long_pauses > 0
    or n_backwards > 0
