/* One row per registered user: a digest of all that the user's report is made of.

Two digests are the same if no event of the user, no name and no fact changed. How many others a
user is compared with is left out: it changes with every newcomer. */
with registered as (
    select user_id from core.users where is_registered
),

rows as (
    select user_id, hash(users) as digest from core.users as users
    union all
    select user_id, hash(events) from core.events as events
    union all
    select user_id, hash(summary) from marts.user_summary as summary
    union all
    select user_id, hash(fact_id, value, value_text, coverage, if(fact_id like 'cohort_%', null, n), definition)
    from marts.user_facts
    union all
    select user_id, hash(pages) from marts.user_pages as pages
    union all
    select user_id, hash(recent) from marts.user_recent as recent
    union all
    select user_id, hash(sessions) from marts.user_sessions as sessions
)

select
    user_id,                            -- Id of the user.
    md5(sum(digest::hugeint)::varchar || ' of ' || count(*)) as digest -- Of the rows of the user, in any order.
from rows
semi join registered using (user_id)
group by user_id
