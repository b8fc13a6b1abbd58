/* One row per recurring path: two to four pages in a row that enough sessions have in common.

A page that follows itself is one stop. The expected count is that of a memory of one page: where the
next page depends on the page before and on nothing earlier. For two pages it is that of no memory at
all. So a lift far from 1 is a habit that the transitions alone do not show.

While windows are counted, a hash stands for each page. */
with stops as (
    select
        session_key, user_key,
        hash(page) as first_page,
        hash(next_page) as second_page,
        lead(hash(next_page)) over stop as third_page,
        lead(hash(next_page), 2) over stop as fourth_page
    from core.steps
    where next_page <> page
    window stop as (partition by session_key order by step_index)
),

counted as (
    select
        first_page, second_page, third_page, fourth_page,
        grouping_id(third_page, fourth_page) as kind,
        count(*) as n,
        count(distinct session_key) as n_sessions,
        count(distinct user_key) as n_users
    from stops
    group by grouping sets (
        (first_page, second_page),
        (first_page, second_page, third_page),
        (first_page, second_page, third_page, fourth_page)
    )
),

stopped as (
    select first_page as page, sum(n) as n_stops from counted where kind = 3 group by all
),

twos as (
    select
        *,
        sum(n) over (partition by first_page) as n_first,
        sum(n) over (partition by second_page) as n_second,
        sum(n) over () as n_all
    from counted
    where kind = 3 and second_page <> hash('(exit)')
),

-- How likely each page follows another, leaving included. Leaving is no page, so it ends no path. One
-- key for both pages: by two, DuckDB may join ways that meet in a page, which are far too many.
ways as (
    select hash(first_page, second_page) as way, n, n / n_stops as probability
    from twos
    join stopped on stopped.page = first_page
),

expected as (
    select *, n_first * n_second / n_all as expected_n
    from twos
    union all by name
    select here.*, first_way.n * next_way.probability as expected_n
    from counted as here
    join ways as first_way on first_way.way = hash(here.first_page, here.second_page)
    join ways as next_way on next_way.way = hash(here.second_page, here.third_page)
    where here.kind = 1
    union all by name
    select here.*, first_way.n * next_way.probability * last_way.probability as expected_n
    from counted as here
    join ways as first_way on first_way.way = hash(here.first_page, here.second_page)
    join ways as next_way on next_way.way = hash(here.second_page, here.third_page)
    join ways as last_way on last_way.way = hash(here.third_page, here.fourth_page)
    where here.kind = 0
),

names as (
    select distinct hash(page) as key, page from core.steps
)

select
    list_filter([firsts.page, seconds.page, thirds.page, fourths.page], lambda page: page is not null)
        as path,                        -- Pages in a row, two to four of them.
    n,                                  -- Times they came in a row.
    n_sessions,                         -- Sessions in which they did.
    n_users,                            -- Users to whom it happened.
    expected_n,                         -- Times they would, if each page depended on the page before alone.
    n / expected_n as lift              -- How many times more often they did.
from expected
join names as firsts on firsts.key = first_page
join names as seconds on seconds.key = second_page
left join names as thirds on thirds.key = third_page
left join names as fourths on fourths.key = fourth_page
where n_sessions >= $min_support
