/* Every sentence of a user names facts, and all of them are facts of that user. */
select distinct
    user_id,
    generation || ' ' || block_no || '.' || sentence_no || ' rests on '
        || coalesce(nullif(array_to_string(fact_ids, ', '), ''), 'no fact') as problem
from (
    select *, unnest(if(len(fact_ids) > 0, fact_ids, [null])) as fact_id
    from marts.user_insights
    where user_id = any($users::varchar[])
)
anti join marts.user_facts using (user_id, fact_id)
