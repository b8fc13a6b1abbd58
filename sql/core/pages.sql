/* One row per page. */
with titles as (
    select
        page,
        page_key,
        sum(n_events)::bigint as n_events,
        arg_min(title, (-n_events, title)) filter (title is not null) as title
    from core.page_titles
    group by all
),

visitors as (
    select page_key, count(*) as n_users from core.user_pages group by all
)

select
    page,                               -- Page, normalised.
    page_key,                           -- The page as an integer.
    title,                              -- The title seen most often; null when none was.
    n_events,                           -- Events that count.
    coalesce(n_users, 0) as n_users,    -- Distinct users; nobody known is not among them.
    page in ('/', '(unknown)') or regexp_matches(
        lower(page),
        '^/(home|index|search|login|logout|register|signup|account|settings|profile|admin|messages|feed'
            || '|cart|checkout|help)([/.?#]|$)'
    ) as is_generic                     -- Home, search, account and the like: traffic, but nobody's favourite.
from titles
left join visitors using (page_key)
