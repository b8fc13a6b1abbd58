/* One row per refresh that changed events: how many came late, and which sessions that changed.

A history of how the data arrived: a warehouse that is built anew begins it again.

Appended at each refresh. */
with before as (
    select max(data_through) as data_through
    from (
        select data_through from gone.core_horizon
        union all
        select data_through from core.horizon anti join come.core_horizon using (data_from, data_through)
    )
),

arrived as (
    select occurred_at from come.core_events as come anti join gone.core_events as gone using (event_id)
    where user_id is not null and not is_noise
)

select
    get_current_timestamp() as refreshed_at, -- When it was noticed.
    (select data_through from before)
        as data_through_before,         -- How far the data reached until then; null when there was none.
    (select count(*) from arrived) as n_events, -- New events of known users.
    (select count(*) from arrived join before on true where occurred_at <= data_through)
        as n_late_events,               -- Of them, those before the end of the data: they fall between others.
    (select count(*) from come.core_events as come semi join gone.core_events as gone using (event_id))
        as n_changed_events,            -- Events that stayed and say something else: counts, users, corrections.
    (select count(*) from gone.core_events as gone anti join come.core_events as come using (event_id))
        as n_lost_events,               -- Events that no record stands for any more.
    (select count(*) from come.core_sessions as come anti join gone.core_sessions as gone using (session_id))
        as n_new_sessions,              -- Sessions that were not there.
    (select count(*) from come.core_sessions as come semi join gone.core_sessions as gone using (session_id))
        as n_changed_sessions,          -- Sessions that stayed and hold other steps.
    (select count(*) from gone.core_sessions as gone anti join come.core_sessions as come using (session_id))
        as n_lost_sessions              -- Sessions that were joined to others, divided or begin elsewhere.
