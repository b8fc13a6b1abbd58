"""What is told of each user who gets a report, partitioned by user; the rest is in `journeys`."""

from journey_dagster.tables import table

user_summary = table("marts/user_summary.sql")
user_facts = table("marts/user_facts.sql")
