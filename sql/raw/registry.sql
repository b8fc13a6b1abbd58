/* One row per registered user: who gets a report, under which slug, on which clock.

Filled from users.json, which `journey users` writes. */
select
    null::varchar as user_id,           -- Id of the user.
    null::varchar as slug,              -- Name of the user in addresses and partitions.
    null::varchar as display_name,      -- Name to show.
    null::varchar as tz,                -- IANA time zone; null is not known.
    null::varchar as avatar,            -- Emoji to show.
    null::varchar as visibility         -- Who may see the report: private, unlisted, public.
where false
