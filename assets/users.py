"""What is told of each user who gets a report, partitioned by user; the rest is in `journeys`."""

import dagster as dg

from journey_dagster import answers
from journey_dagster.tables import ALL_AT_ONCE, table
from journey_dagster.warehouse import POOL

user_summary = table("marts/user_summary.sql")
user_interests = table("marts/user_interests.sql")

user_facts = dg.multi_asset(
    name="user_facts", specs=[answers.FACTS], pool=POOL, backfill_policy=ALL_AT_ONCE
)(answers.compute_facts)

user_answers = dg.multi_asset(
    name="user_answers", specs=[answers.ANSWERS], pool=answers.POOL, backfill_policy=ALL_AT_ONCE
)(answers.ask_models)
