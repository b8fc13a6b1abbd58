/* One row per user and local day on which steps went or came, with a stretch of time that holds it. */
with moments as (
    select user_key, occurred_at from gone.core_placements
    union
    select user_key, occurred_at from come.core_placements
),

days as (
    select distinct
        user_key,
        coalesce(clocks.tz, $default_timezone) as tz,
        (moments.occurred_at at time zone coalesce(clocks.tz, $default_timezone))::date as local_date
    from moments
    left join core.clocks as clocks using (user_key)
)

select
    user_key,                           -- The user.
    local_date,                         -- Day in the user's time zone.
    local_date::timestamp at time zone tz - interval 1 day as from_at, -- Before it, whatever the clock did.
    local_date::timestamp at time zone tz + interval 2 day as until_at -- After it.
from days
