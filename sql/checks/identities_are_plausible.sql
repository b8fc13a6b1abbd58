/* No cluster of ids is too good to be true: too many ids or users on it, or two registered users.

It is not merged. Look at its evidence (journey users links), and delete what is wrong (journey users unlink). */
select cluster_id, any_value(suspicion) as suspicion, any_value(n_ids) as n_ids, max(n_owners) as n_owners
from core.identities
where is_suspicious
group by all
