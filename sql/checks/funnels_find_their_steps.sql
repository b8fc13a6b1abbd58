/* Somebody did each step of each funnel at some time; else it may name a page or event that is not there. */
select funnel, step_no, step
from marts.funnel_steps
where n_users_seen = 0
