"""What is told of each user who gets a report.

Numbers and facts are computed for all at once. Texts and reports have a partition per user, to be
made again for whom one likes; every night `everyone` makes those that have to be.
"""

import dagster as dg

from journey_dagster import answers, report_steps
from journey_dagster.tables import ALL_AT_ONCE, table
from journey_dagster.warehouse import POOL

user_summary = table("marts/user_summary.sql")
user_interests = table("marts/user_interests.sql")
user_facts = dg.multi_asset(name="user_facts", specs=[answers.FACTS], pool=POOL)(
    answers.compute_facts
)
user_inputs = table("marts/user_inputs.sql")

user_answers = dg.multi_asset(
    name="user_answers", specs=[answers.ANSWERS], pool=answers.POOL, backfill_policy=ALL_AT_ONCE
)(answers.ask_models)

user_insights = dg.multi_asset(
    name="user_insights", specs=report_steps.INSIGHTS, pool=POOL, backfill_policy=ALL_AT_ONCE
)(report_steps.tell_stories)

user_report = dg.multi_asset(
    name="user_report", specs=[report_steps.REPORT], pool=POOL, backfill_policy=ALL_AT_ONCE
)(report_steps.publish_users)

everyones_answers = dg.multi_asset(
    name="everyones_answers", specs=[answers.EVERYONE], pool=answers.POOL
)(answers.ask_about_everyone)

everyones_reports = dg.multi_asset(
    name="everyones_reports", specs=[report_steps.REPORTS], pool=POOL
)(report_steps.report_everyone)
