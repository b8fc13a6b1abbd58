/* Every record consumed is accounted for: accepted, quarantined, a tombstone or erased; and
every accepted one is an event, a duplicate of one, or superseded by a newer record.

A record that went missing here would be missing from every number after. */
select *
from meta.manifest
where n_consumed <> n_accepted + n_quarantined + n_tombstones + n_erased
    or n_consumed > last_offset - first_offset + 1
    or file is not null and n_consumed <> last_offset - first_offset + 1
    or n_events < 0
    or n_superseded < 0
    or n_duplicates < 0
