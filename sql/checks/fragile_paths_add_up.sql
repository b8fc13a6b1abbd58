/* Every fragile flow has two chokepoints or more and is on one fragile path; no path loses more flows than it has. */
select 'flows and paths' as problem, null::varchar[] as path, n_flows, n_on_paths
from (
    select
        (select count(*) from marts.fragile_flows) as n_flows,
        (select coalesce(sum(n_sessions), 0) from marts.fragile_paths) as n_on_paths
)
where n_flows <> n_on_paths
union all
select 'fewer than two chokepoints' as problem, chokepoint_path as path, n_chokepoint_steps, n_steps
from marts.fragile_flows
where n_chokepoint_steps < 2 or n_chokepoint_steps > n_steps or len(path) <> n_steps
union all
select 'more lost than passed' as problem, path, n_sessions, n_lost
from marts.fragile_paths
where n_lost > n_sessions or n_completed > n_sessions or baseline_n_lost > baseline_n_sessions
