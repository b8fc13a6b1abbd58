/* One row per generated sentence of a user's story, in the order of the text.

Filled by the insights module; a row is a sentence so that each can name the facts it rests on. */
select
    null::varchar as user_id,           -- Id of the user.
    null::integer as block_no,          -- Paragraph or list item that the sentence belongs to, from 0.
    null::integer as sentence_no,       -- Position in the block, from 0.
    null::varchar as block_type,        -- p for a paragraph, li for a list item.
    null::varchar as text,              -- The sentence.
    null::varchar[] as fact_ids,        -- Facts it rests on, as in marts.user_facts.
    null::varchar as source,            -- Who wrote it: template or llm.
    null::varchar as model,             -- Model that wrote it; null for templates.
    null::varchar as prompt_version,    -- Version of the prompt; null for templates.
    null::double as cost_usd            -- What it cost; null for templates.
where false
