/* One row per page. */
select
    page,                               -- Page, normalised.
    any_value(page_key) as page_key,    -- The page as an integer.
    mode(title order by title) as title, -- The title seen most often; null when none was.
    count(*) as n_events,               -- Events that count.
    count(distinct user_key) as n_users, -- Distinct users; nobody known is not among them.
    min(occurred_at) as first_event_at, -- First event on it, in UTC.
    max(occurred_at) as last_event_at,  -- Last event on it, in UTC.
    page in ('/', '(unknown)') or regexp_matches(
        lower(page),
        '^/(home|index|search|login|logout|register|signup|account|settings|profile|admin|messages|feed'
            || '|cart|checkout|help)([/.?#]|$)'
    ) as is_generic                     -- Home, search, account and the like: traffic, but nobody's favourite.
from core.events
where not is_noise
group by page
