"""What arrived: topics and files become records, and the registry says who gets a report."""

import dagster as dg

from journey_dagster.ingest import load_segments, read_registry, read_topics
from journey_dagster.models import model
from journey_dagster.tables import spec, table
from journey_dagster.warehouse import POOL

WATERMARKS = model("raw/watermarks.sql")
RECORDS = model("raw/records.sql")
SEGMENTS = model("raw/segments.sql")
QUARANTINE = model("meta/quarantine.sql")
REGISTRY = model("raw/registry.sql")
VETOES = model("raw/identity_vetoes.sql")

watermarks = dg.multi_asset(
    name="read_topics",
    specs=[spec(WATERMARKS).replace_attributes(kinds={"duckdb", "python", "kafka"})],
    pool=POOL,
)(read_topics)

# A topic's records are in place before what a killed run left on the disk is loaded.
records = dg.multi_asset(
    name="load_segments",
    specs=[spec(each, also_reads=[WATERMARKS.name]) for each in (RECORDS, SEGMENTS, QUARANTINE)],
    pool=POOL,
)(load_segments)

registry = dg.multi_asset(name="read_registry", specs=[spec(REGISTRY), spec(VETOES)], pool=POOL)(
    read_registry
)

manifest = table("meta/manifest.sql")
topics = table("meta/topics.sql")
gaps = table("meta/gaps.sql")
