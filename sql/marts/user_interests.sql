/* One row per registered user and interest: a topic, and the rule that makes it one.

Only of users with evidence for the year (T3); all days are those of the user's clock, and the last
90 days end on the last day of all data.

core: ten events or more, at least 10 % of those with known topics, in at least half of the months
with events. casual: three events or more, not core. emerging: five events or more, all of them in
the last 90 days. rising: in these at least twice the events of the 90 days before, and at least
five more. fading: the other way round. seasonal: ten events or more, at least 60 % of them in three
months of the year in a row that hold less than 45 % of all that the user did.

What compares 90 days with those before needs a span of 180 days, a season one of 300. Of core and
casual the first five count, of the others the first three; among equals the first by name leads. */
with asked as (
    select user_id, tz, span_days, (data_through at time zone tz)::date as through_date
    from marts.user_summary
    join core.horizon on true
    where evidence_tier = 'T3'
),

known as (
    select user_id, (occurred_at at time zone tz)::date as local_date, tags
    from core.events
    join asked using (user_id)
    where not is_noise and tags is not null
),

tagged as (
    select user_id, local_date, unnest(tags) as topic from known
),

days as (
    select user_id, local_date, n_events
    from marts.user_days
    semi join asked using (user_id)
),

totals as (
    select user_id, n_known, n_months
    from (select user_id, count(*) as n_known from known group by all)
    join (select user_id, count(distinct date_trunc('month', local_date)) as n_months from days group by all)
        using (user_id)
),

topics as (
    select
        user_id,
        topic,
        span_days,
        count(*) as n_events,
        count_if(local_date > through_date - 90)::bigint as n_last,
        count_if(local_date > through_date - 180)::bigint - n_last as n_before,
        n_events >= 10
            and 10 * n_events >= any_value(n_known)
            and 2 * count(distinct date_trunc('month', local_date)) >= any_value(n_months) as is_core
    from tagged
    join asked using (user_id)
    join totals using (user_id)
    group by user_id, topic, span_days, through_date
),

-- Events by the month of the year; without a topic, all that the user did.
by_month as (
    select user_id, topic, month(local_date) as month_no, count(*) as n_events from tagged group by all
    union all
    select user_id, null, month(local_date), sum(n_events)::bigint from days group by all
),

-- A month belongs to the three seasons that begin with it and with the two before it.
seasons as (
    select
        user_id,
        topic,
        (month_no + 11 - months_in) % 12 + 1 as first_month,
        sum(n_events)::bigint as n_events,
        coalesce(sum(n_events) filter (months_in = 1), 0) as n_middle
    from by_month
    cross join (select unnest([0, 1, 2]) as months_in)
    group by all
),

-- Of several seasons that hold as much, the one around its busiest month.
seasonal as (
    select
        topics.user_id,
        topics.topic,
        seasons.n_events,
        topics.n_events as n_support,
        printf('%02d-%02d', first_month, (first_month + 1) % 12 + 1) as months
    from topics
    join seasons using (user_id, topic)
    join (select user_id, first_month, n_events from seasons where topic is null) as alike using (user_id, first_month)
    join (select user_id, sum(n_events)::bigint as n_events from days group by all) as total using (user_id)
    where span_days >= 300
        and topics.n_events >= 10
        and 100 * seasons.n_events >= 60 * topics.n_events
        and 100 * alike.n_events < 45 * total.n_events
    qualify row_number() over (
        partition by topics.user_id, topics.topic order by seasons.n_events desc, n_middle desc, first_month
    ) = 1
),

interests as (
    select user_id, 'core' as kind, topic, n_events, null::bigint as n_before, null::varchar as months, n_events as n_support, n_events as weight from topics where is_core
    union all
    select user_id, 'casual', topic, n_events, null, null, n_events, n_events from topics where not is_core and n_events >= 3
    union all
    select user_id, 'emerging', topic, n_events, null, null, n_events, n_events from topics where span_days >= 180 and n_events >= 5 and n_last = n_events
    union all
    select user_id, 'rising', topic, n_last, n_before, null, n_last + n_before, n_last - n_before from topics where span_days >= 180 and n_last >= 2 * n_before and n_last >= n_before + 5
    union all
    select user_id, 'fading', topic, n_last, n_before, null, n_last + n_before, n_before - n_last from topics where span_days >= 180 and n_before >= 2 * n_last and n_before >= n_last + 5
    union all
    select user_id, 'seasonal', topic, n_events, null, months, n_support, n_events from seasonal
)

select
    user_id,                            -- Id of the user.
    kind,                               -- core, casual, emerging, rising, fading or seasonal.
    row_number() over (
        partition by user_id, kind order by weight desc, topic
    ) as interest_rank,                 -- By events, of rising and fading by how many more or fewer; 1 is the first.
    topic,                              -- Tag of the content.
    n_events,                           -- Its events; of rising and fading in the last 90 days, of seasonal in season.
    n_before,                           -- Its events in the 90 days before, where the rule looks at them.
    months,                             -- First and last month of its season, such as 12-02.
    n_support                           -- All events of it that the rule looks at.
from interests
qualify interest_rank <= if(kind in ('core', 'casual'), 5, 3)
