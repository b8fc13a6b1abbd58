/* One row per way that sessions take from one page to another, the most frequent first.

A way starts at the last visit of the first page before the other is reached, so neither page comes
again in between, and a page that follows itself is one stop. The row (other) holds the ways that
are longer.

$from_page: Page that the ways start on.

$to_page: Page that they lead to; the same page again is the way back to it.

$max_steps = 5: Steps from page to page that a way may have.

Example: from paths_between('/cart', '/order/confirmation', max_steps := 8) */
with stops as (
    select
        steps.session_key, user_key, page,
        row_number() over of_session as stop_no,
        epoch_us(occurred_at) as left_us,
        lag(epoch_us(occurred_at) + (dwell_seconds * 1000000)::bigint) over of_session as arrived_us
    from core.steps as steps
    where next_page <> page
    window of_session as (partition by steps.session_key order by step_index)
),

-- At each stop, the last ones before it on either page.
looked_back as (
    select
        *,
        max(stop_no) filter (page = $from_page) over before as start_no,
        max(left_us) filter (page = $from_page) over before as start_us,
        max(stop_no) filter (page = $to_page) over before as earlier_no
    from stops
    window before as (
        partition by stops.session_key order by stop_no rows between unbounded preceding and 1 preceding
    )
),

ways as (
    select
        looked_back.session_key, user_key, start_no, stop_no,
        (arrived_us - start_us) / 1000000 as seconds
    from looked_back
    where page = $to_page and start_no >= coalesce(earlier_no, start_no)
),

spelled as (
    select
        ways.session_key, ways.user_key, seconds,
        list(page order by stops.stop_no) as path
    from ways
    join stops
        on stops.session_key = ways.session_key and stops.stop_no between ways.start_no and ways.stop_no
    where ways.stop_no - ways.start_no <= $max_steps
    group by ways.session_key, ways.user_key, ways.start_no, ways.stop_no, seconds
    union all
    select ways.session_key, user_key, seconds, ['(other)'] as path
    from ways
    where stop_no - start_no > $max_steps
)

select
    path,                               -- Pages from the first to the last; [(other)] is the longer ways.
    count(*) as n,                      -- Times that the way was taken.
    count(distinct spelled.session_key) as n_sessions, -- Sessions that took it.
    count(distinct user_key) as n_users, -- Users who took it.
    median(seconds) as median_seconds   -- Median from leaving the first page to reaching the last.
from spelled
group by path
order by path = ['(other)'], n desc, path
