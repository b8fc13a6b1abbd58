/* A rate lies between 0 and 1 and inside its interval, only supported pairs are ranked, only tested ones choke. */
select page, event, n_visits, exit_rate, exit_rate_low, exit_rate_high, friction_rank
from marts.friction
where not coalesce(isfinite(exit_rate) and isfinite(exit_rate_low) and isfinite(exit_rate_high), false)
    or exit_rate not between 0 and 1
    or exit_rate < exit_rate_low - 1e-9
    or exit_rate > exit_rate_high + 1e-9
    or not coalesce(baseline_exit_rate between 0 and 1, true)
    or not coalesce(betweenness between 0 and 1, true)
    or not coalesce(telomesh_score between 0 and 1, true)
    or not coalesce(p_value between 0 and 1 and p_adjusted between p_value - 1e-9 and 1, p_value is null)
    or (friction_rank is not null and not has_support)
    or (is_chokepoint and coalesce(is_natural_exit or p_adjusted is null or not has_support, true))
