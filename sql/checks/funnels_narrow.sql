/* No step of a funnel is reached by more users than the one before, and a rate lies inside its interval. */
select funnel, step_no, n_users_started, n_previous, n_reached, n_in_progress, previous_rate, start_rate
from marts.funnel_steps
window one_funnel as (partition by funnel order by step_no)
qualify n_reached > coalesce(lag(n_reached) over one_funnel, n_users_started)
    or n_in_progress > coalesce(lag(n_in_progress) over one_funnel, n_in_progress)
    or reached_any_order > coalesce(lag(reached_any_order) over one_funnel, n_users_started)
    or n_reached > reached_any_order
    or n_reached + n_in_progress > n_users_seen
    or (step_no = 1 and n_reached <> n_users_started)
    or previous_rate not between previous_rate_low - 1e-9 and previous_rate_high + 1e-9
    or start_rate not between start_rate_low - 1e-9 and start_rate_high + 1e-9
    or greatest(previous_rate_high, start_rate_high) > 1
    or least(previous_rate_low, start_rate_low) < 0
    or (n_previous > 0) <> (previous_rate is not null and previous_rate_low is not null)
