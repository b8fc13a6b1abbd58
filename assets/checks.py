"""What must hold before anything is built on it: conservation, balance, and the shape of flows."""

import dagster as dg

from journey_dagster import answers, freshness, site_publishing
from journey_dagster.checks import check
from journey_dagster.flow_checks import flow_checks
from journey_dagster.tables import key
from journey_dagster.warehouse import POOL

manifest_conserves = check("checks/manifest_conserves.sql", on="meta.manifest")
manifest_counts_events = check("checks/manifest_counts_events.sql", on="meta.manifest")
offsets_are_contiguous = check("checks/offsets_are_contiguous.sql", on="raw.segments")
gaps_are_accepted = check("checks/gaps_are_accepted.sql", on="meta.gaps")
quarantine_is_small = check("checks/quarantine_is_small.sql", on="meta.manifest", warns=True)
noise_is_small = check("checks/noise_is_small.sql", on="core.events", warns=True)
events_are_unique = check("checks/events_are_unique.sql", on="core.events")
identities_are_plausible = check(
    "checks/identities_are_plausible.sql", on="core.identities", warns=True
)
identities_are_unambiguous = check("checks/identities_are_unambiguous.sql", on="core.events")
users_stay_apart = check("checks/users_stay_apart.sql", on="core.users")
sessions_hold_all_steps = check("checks/sessions_hold_all_steps.sql", on="core.sessions")
flows_balance = check("checks/flows_balance.sql", on="marts.page_flows")
data_is_fresh = dg.asset_check(
    asset=key("core.horizon"),
    name="data_is_fresh",
    description="Where nights run by themselves, the data ended at most two days ago.",
    pool=POOL,
)(freshness.judge_data)
days_are_usual = check("checks/days_are_usual.sql", on="marts.daily_metrics", warns=True)
friction_rates_hold = check("checks/friction_rates_hold.sql", on="marts.friction")

# Per user: a failure holds back that user's report and nobody else's.
summary_adds_up = check("checks/summary_adds_up.sql", on="marts.user_summary")
sentences_rest_on_facts = check("checks/sentences_rest_on_facts.sql", on="marts.user_insights")
told_of_everyone = check("checks/sentences_rest_on_facts.sql", on="everyone.reports")
models_answered = check("checks/models_answered.sql", on="marts.user_generations", warns=True)
models_answered_all = check("checks/models_answered.sql", on="everyone.reports", warns=True)
spending_is_capped, all_spending_is_capped = (
    dg.asset_check(
        asset=asset.key,
        name="spending_is_capped",
        description="Today no user, no run and all runs together took more than their caps.",
    )(answers.judge_spending)
    for asset in (answers.ANSWERS, answers.EVERYONE)
)
facts_are_sound = check("checks/facts_are_sound.sql", on="marts.user_facts")

flow_metrics = flow_checks(on="marts.flow_metrics")

# After the reports and before the status page, which tells what came of them.
leaks = dg.multi_asset_check(
    name="leaks",
    specs=[site_publishing.PAGES_LEAK_NOTHING, site_publishing.REPORTS_LEAK_NOTHING],
    op_tags={"dagster/priority": "-1"},
)(site_publishing.judge_leaks)
