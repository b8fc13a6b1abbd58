/* One row per user and part of the text: who wrote it, why not a model, and what it cost.

Filled by the insights modules. */
select
    null::varchar as user_id,           -- Id of the user.
    null::varchar as generation,        -- Part of the text: narrative, recent, interests or charts.
    null::varchar as source,            -- Who wrote it: template or llm.
    null::varchar as status,            -- ok, or why a template wrote it, such as off, tier, budget or ungrounded.
    null::varchar as trouble,           -- That in a sentence; null where nothing went wrong.
    null::varchar as model,             -- Service and model that were asked; null where none was.
    null::varchar as prompt_version,    -- Version of the words and schema it was asked with; null where none was.
    null::integer as n_sentences,       -- Sentences that are told.
    null::integer as n_dropped,         -- Sentences of the model that its facts do not hold.
    null::varchar[] as dropped_for,     -- Why these were dropped, sorted.
    null::bigint as tokens_in,          -- Tokens of the question; null where none was answered.
    null::bigint as tokens_out,         -- Tokens of the answer; null where none was answered.
    null::double as cost_usd,           -- What the answer cost when it was made; null where none was answered.
    null::timestamptz as answered_at    -- When it was made, in UTC; null where none was answered.
where false
