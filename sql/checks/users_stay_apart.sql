/* Two users never become one: ids, integer keys and slugs are distinct. */
select 'user_id' as what, user_id as value, count(*) as n from core.users group by all having count(*) > 1
union all
select 'user_key', user_key::varchar, count(*) from core.users group by all having count(*) > 1
union all
select 'slug', slug, count(*) from core.users where slug is not null group by all having count(*) > 1
