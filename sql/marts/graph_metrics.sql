/* One row per metric of the graph of pages: its value, or why it cannot be estimated.

The graph has the pages of marts.page_flows and the ways of marts.page_ways with support. Filled by
the graph module. */
select
    null::varchar as metric,            -- Name of the metric.
    null::double as value,              -- Its value; null when it cannot be estimated.
    null::varchar as reason,            -- Why it cannot be estimated; null when it is.
    null::double as low,                -- Lower end of its 95 % interval; null where nothing was sampled.
    null::double as high,               -- Upper end of it; null where nothing was sampled.
    null::varchar as detail             -- What it was made of.
where false
