"""What arrived: raw segments become records, and the registry says who gets a report."""

import dagster as dg

from journey_dagster.ingest import load_segments, read_registry
from journey_dagster.models import model
from journey_dagster.tables import spec, table
from journey_dagster.warehouse import POOL

LANDED = [model("raw/records.sql"), model("raw/segments.sql"), model("meta/quarantine.sql")]
REGISTRY = model("raw/registry.sql")

records = dg.multi_asset(
    name="load_segments", specs=[spec(landed) for landed in LANDED], pool=POOL
)(load_segments)

registry = dg.multi_asset(name="read_registry", specs=[spec(REGISTRY)], pool=POOL)(read_registry)

manifest = table("meta/manifest.sql")
