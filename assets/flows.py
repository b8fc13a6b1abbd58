"""How sessions flow: step by step, along paths, in loops, through funnels, back week by week."""

import dagster as dg

from journey_dagster.checks import check
from journey_dagster.ingest import FUNNELS, read_funnels
from journey_dagster.tables import spec
from journey_dagster.warehouse import POOL

funnels = dg.multi_asset(name="read_funnels", specs=[spec(FUNNELS)], pool=POOL)(read_funnels)

sankey_adds_up = check("checks/sankey_adds_up.sql", on="marts.sankey")
paths_add_up = check("checks/paths_add_up.sql", on="marts.paths")
loops_are_ways = check("checks/loops_are_ways.sql", on="marts.loops")
funnels_narrow = check("checks/funnels_narrow.sql", on="marts.funnel_steps")
funnels_find_their_steps = check(
    "checks/funnels_find_their_steps.sql", on="marts.funnel_steps", warns=True
)
retention_holds = check("checks/retention_holds.sql", on="marts.retention")
