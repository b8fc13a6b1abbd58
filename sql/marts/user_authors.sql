/* One row per user and author of the content.

Added up over core.events. */
with written as (
    select user_id, unnest(list_distinct(authors)) as author
    from core.events
    where user_id is not null and not is_noise
)

select
    user_id,                            -- Id of the user.
    author,                             -- Author of the content.
    count(*) as n_events                -- Events on content by that author, alone or with others.
from written
group by all
