"""What goes out: stories, reports, the site's pages, the analysts' copy."""

import dagster as dg

from journey_dagster import outlets
from journey_dagster.tables import ALL_AT_ONCE
from journey_dagster.warehouse import POOL

user_insights = dg.multi_asset(
    name="user_insights", specs=outlets.INSIGHTS, pool=POOL, backfill_policy=ALL_AT_ONCE
)(outlets.tell_stories)

user_report = dg.multi_asset(
    name="user_report", specs=[outlets.REPORT], pool=POOL, backfill_policy=ALL_AT_ONCE
)(outlets.publish_users)

site_pages = dg.multi_asset(name="site_pages", specs=[outlets.PAGES])(outlets.write_site_pages)

friction = dg.multi_asset(name="friction_page", specs=[outlets.FRICTION], pool=POOL)(
    outlets.write_friction_page
)

# Last among what is ready, so that the copy holds the night's reports too.
analytics = dg.multi_asset(
    name="analytics", specs=[outlets.ANALYTICS], pool=POOL, op_tags={"dagster/priority": "-1"}
)(outlets.copy_analytics)

# Last of all, whatever failed, so that they tell of this run.
LAST = {"dagster/priority": "-2"}

status = dg.multi_asset(name="status_page", specs=[outlets.STATUS], pool=POOL, op_tags=LAST)(
    outlets.write_status_page
)

dictionary = dg.multi_asset(
    name="data_dictionary", specs=[outlets.DICTIONARY], pool=POOL, op_tags=LAST
)(outlets.write_data_page)
