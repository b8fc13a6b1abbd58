/* One row per pair of ids that an operator declared to be two persons, whatever the evidence says.

Filled from identity_vetoes.json, which `journey users unlink` writes. */
select
    null::varchar as from_node,         -- One id as user:ID or anonymous:SOURCE:ID; the lesser of the two.
    null::varchar as to_node            -- The other id.
where false
