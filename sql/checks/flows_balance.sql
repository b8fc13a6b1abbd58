/* What flows into a page flows out of it: entries + inflow = outflow + exits, and exits are the sessions. */
select page, n_entries, n_inflow, n_outflow, n_exits
from marts.page_flows
where n_entries + n_inflow <> n_outflow + n_exits
union all
select '(all)' as page, sum(n_entries), sum(n_inflow), sum(n_outflow), sum(n_exits)
from marts.page_flows
having coalesce(sum(n_exits), 0) <> (select count(*) from core.sessions)
    or coalesce(sum(n_entries), 0) <> (select count(*) from core.sessions)
