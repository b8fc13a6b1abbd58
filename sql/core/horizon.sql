/* One row: how far the data reaches; none while nobody known did anything. */
select
    min(occurred_at) as data_from,      -- First event of a known user that counts, in UTC.
    max(occurred_at) as data_through,   -- Last event of a known user that counts, in UTC.
    max(occurred_at) - $recent_days::integer * interval 1 day
        as recent_from                  -- What is after it is recent.
from core.events
where user_id is not null and not is_noise
having count(*) > 0
