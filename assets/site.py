"""What goes out for all: the site's pages, the analysts' copy."""

import dagster as dg

from journey_dagster import outlets, site_publishing
from journey_dagster.warehouse import POOL

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

published = dg.multi_asset(name="published", specs=[site_publishing.PUBLISHED])(
    site_publishing.publish_site
)
