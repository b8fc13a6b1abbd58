/* A rate lies between 0 and 1 and inside its interval, and only supported pairs are ranked. */
select page, event, n_visits, exit_rate, exit_rate_low, exit_rate_high, friction_rank
from marts.friction
where not coalesce(isfinite(exit_rate) and isfinite(exit_rate_low) and isfinite(exit_rate_high), false)
    or exit_rate not between 0 and 1
    or exit_rate < exit_rate_low - 1e-9
    or exit_rate > exit_rate_high + 1e-9
    or (friction_rank is not null and not has_support)
