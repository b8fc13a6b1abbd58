"""What is known of each user: for all at once first, then for those who get a report."""

from journey_dagster.tables import table

user_days = table("marts/user_days.sql")
user_hour_week = table("marts/user_hour_week.sql")
user_pages = table("marts/user_pages.sql")
user_sources = table("marts/user_sources.sql")
user_topics_monthly = table("marts/user_topics_monthly.sql")
user_recent = table("marts/user_recent.sql")
user_sessions = table("marts/user_sessions.sql")

# Partitioned by user: only what a report needs of the users asked for.
user_summary = table("marts/user_summary.sql")
user_facts = table("marts/user_facts.sql")
