/* One row per sentence that is told of a user, in the order of the text.

Filled by the insights modules; a row is a sentence so that each can name the facts it rests on. Who
wrote it, and why, stands in marts.user_generations. */
select
    null::varchar as user_id,           -- Id of the user.
    null::varchar as generation,        -- What it is part of: narrative, recent, interests or charts.
    null::integer as block_no,          -- Paragraph, list item, interest or chart it belongs to, from 0.
    null::integer as sentence_no,       -- Position in the block, from 0.
    null::varchar as block_type,        -- p or li of a text, the kind of an interest, line or bar of a chart.
    null::varchar as text,              -- The sentence.
    null::varchar[] as fact_ids,        -- Facts it rests on, as in marts.user_facts.
    null::varchar[] as series           -- Series that the chart draws; null where it is none.
where false
