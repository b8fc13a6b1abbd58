/* One row per page: how many sessions pass it, and how far it lies between all others.

Betweenness is over the ways of marts.page_ways that have support. Filled by the graph module. */
select
    null::varchar as page,              -- Page.
    null::bigint as n_sessions,         -- Sessions with a step on it.
    null::double as session_share,      -- Of all sessions, those with a step on it.
    null::double as betweenness,        -- Share of the likeliest paths between two other pages that lead over it.
    null::double as betweenness_error,  -- Half the width of its 95 % interval; null when it is exact.
    null::boolean as is_sampled,        -- Estimated from some pages, since there are too many to start from each.
    null::varchar as degenerate_reason  -- Why the ranking means nothing; null when it means something.
where false
