/* All paths together are all sessions, each path stands once, and a share lies inside its interval. */
select path, n_sessions, n_all_sessions, session_share, session_share_low, session_share_high
from marts.paths
qualify sum(n_sessions) over () <> (select count(*) from core.sessions)
    or n_all_sessions <> (select count(*) from core.sessions)
    or count(*) over (partition by path) > 1
    or n_users > n_sessions
    or session_share not between session_share_low - 1e-9 and session_share_high + 1e-9
    or session_share_low < 0
    or session_share_high > 1
union all
select null, 0, n, null, null, null
from (select count(*) as n from core.sessions)
where n > 0 and not exists (from marts.paths)
