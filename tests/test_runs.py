"""A whole run through Dagster: complete, repeatable, and the same when rebuilt."""

import json
import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import msgspec
import pytest
from homes import PLAN, row_hashes

from journey_dagster import runs, site, users, warehouse
from journey_dagster.automation import range_tags
from journey_dagster.definitions import build_defs
from journey_dagster.everyone import make_reports
from journey_dagster.instance import open_instance, sync_partitions
from journey_dagster.publish import publish_reports
from journey_dagster.settings import InsightsSettings, Settings
from journey_dagster.topics.exports import ingest_file, layout_of


def quiet(_line: str) -> None:
    """Narration is tested where it is read."""


def test_a_demo_fills_every_table_and_counts_what_was_promised(ran):
    hashes = row_hashes(ran / "journey.duckdb")
    empty = {name for name, (n, _) in hashes.items() if n == 0}
    of_a_broker = {"raw.watermarks", "meta.topics", "meta.gaps"}
    of_devices = {"core.identity_edges", "core.identities", "core.attributions"}
    rare = {"meta.quarantine", "core.superseded", "raw.identity_vetoes"}
    of_a_second_run = {"meta.late_data"}
    of_more_sessions = {"marts.fragile_flows", "marts.fragile_paths"}
    assert empty == of_a_broker | of_devices | rare | of_a_second_run | of_more_sessions
    assert hashes["core.events"][0] == PLAN.users * PLAN.events
    assert hashes["core.users"][0] == PLAN.users


def test_every_report_keeps_its_contract_and_adds_up(ran):
    index = json.loads((ran / "site/data/users.json").read_text())
    site.validate("users.v1", index)
    assert len(index["users"]) == PLAN.users
    for user in index["users"]:
        report = json.loads((ran / f"site/data/{user['slug']}.json").read_text())
        site.validate("report.v1", report)
        n = report["evidence"]["n_events"]
        assert n == user["n_events"] == sum(n for _, n in report["calendar"]["days"])
        assert n == report["hour_week"]["n"] == report["pages"]["n_events"]
        assert n == sum(source["n_events"] for source in report["sources"])
        assert n == sum(topic["n_events"] for topic in report["about"]["topics"])
        assert n == sum(count for _, count in user["months"])
    assert sum(user["n_events"] for user in index["users"]) == PLAN.users * PLAN.events


def files(site_folder: Path) -> dict[Path, bytes]:
    told = site_folder / "data" / "status.json"  # it says when things were last run and judged
    return {p: p.read_bytes() for p in site_folder.rglob("*") if p.is_file() and p != told}


def test_running_again_changes_nothing(demo_home: Settings):
    before, pages = row_hashes(demo_home.database), files(demo_home.site)
    assert runs.run(demo_home, quiet).succeeded
    assert row_hashes(demo_home.database) == before
    assert files(demo_home.site) == pages


def test_a_rebuild_from_raw_equals_the_warehouse_and_the_site(demo_home: Settings):
    before, pages = row_hashes(demo_home.database), files(demo_home.site)
    demo_home.database.unlink()
    assert runs.run(demo_home, quiet).succeeded
    assert row_hashes(demo_home.database) == before
    assert files(demo_home.site) == pages


def undated(pages: dict[Path, bytes]) -> dict[Path, bytes]:
    """Pages without the time of the build, in the data and in the words of a page of its own."""
    built = re.compile(rb'"generated_at":"[^"]+"|built [^\xb7]+ UTC')
    return {path: built.sub(b"", content) for path, content in pages.items()}


def test_reports_written_anew_differ_by_the_time_they_were_built_alone(demo_home: Settings):
    pages = files(demo_home.site)
    registered = users.load(demo_home.registry)
    for user in registered:
        site.report_path(demo_home.site, user.slug).unlink()
    shutil.rmtree(demo_home.site / "u")
    with warehouse.connect(demo_home.database) as con:
        make_reports(con, demo_home, InsightsSettings(), registered, registered)
    anew = files(demo_home.site)
    assert undated(anew) == undated(pages)
    assert sum(anew[path] != pages[path] for path in pages) == 2 * PLAN.users


def test_a_reader_of_the_copy_is_never_in_the_way(demo_home: Settings):
    entry = users.Entry("nobody-yet", display_name="Synthetic newcomer", tz="Europe/Berlin")
    registered, user = users.add(users.load(demo_home.registry), entry)
    with duckdb.connect(demo_home.analytics, read_only=True) as reader:
        before = reader.execute("select count(*) from core.users").fetchone()
        users.save(demo_home.registry, registered)
        assert runs.run(demo_home, quiet).succeeded
        assert reader.execute("select count(*) from core.users").fetchone() == before
    with duckdb.connect(demo_home.analytics, read_only=True) as reader:
        assert reader.execute("select count(*) from core.users").fetchone() == (PLAN.users + 1,)
    report = json.loads(site.report_path(demo_home.site, user.slug).read_text())
    assert report["evidence"]["tier"] == "T0"
    assert report["narrative"]["blocks"][0]["sentences"][0]["text"].startswith("No events")


def test_a_poisoned_user_fails_alone_and_visibly(demo_home: Settings):
    victim = users.load(demo_home.registry)[3]
    before = {p.name: p.read_bytes() for p in (demo_home.site / "data").glob("synthetic*.json")}
    with warehouse.connect(demo_home.database) as con:
        con.execute(
            "update marts.user_facts set value = 'nan' "
            "where user_id = $id and fact_id = 'n_events'",
            {"id": victim.user_id},
        )
        chosen = users.load(demo_home.registry)
        outcomes = publish_reports(con, demo_home, chosen, chosen, {})
    assert [o.user.slug for o in outcomes if o.status == "withheld"] == [victim.slug]
    after = {p.name: p.read_bytes() for p in (demo_home.site / "data").glob("synthetic*.json")}
    assert set(before) - set(after) == {f"{victim.slug}.json"}
    assert all(before[name] == text for name, text in after.items())


def test_what_was_withheld_returns_when_it_is_sound_again(demo_home: Settings):
    victim = users.load(demo_home.registry)[0]
    with warehouse.connect(demo_home.database) as con:
        con.execute("update marts.user_days set n_events = n_events + 1 where user_id = $id",
                    {"id": victim.user_id})  # fmt: skip
    assert not runs_only_reports(demo_home, [victim.slug]).succeeded
    assert not site.report_path(demo_home.site, victim.slug).exists()
    assert runs.run(demo_home, quiet, [victim.slug]).succeeded
    assert site.report_path(demo_home.site, victim.slug).exists()


def test_a_withheld_user_does_not_stop_one_further_on(
    demo_home: Settings, monkeypatch: pytest.MonkeyPatch
):
    """Users who are no neighbours are two runs; the second comes whatever became of the first.

    And what both made is published once they are done.
    """
    registered = users.load(demo_home.registry)
    slugs = [user.slug for user in registered]
    chosen = [slugs[0], slugs[5]]
    www = demo_home.home.parent / "www"
    public = [msgspec.structs.replace(u, visibility="public") for u in registered]
    users.save(demo_home.registry, public)
    good = {slug: site.report_path(demo_home.site, slug).read_bytes() for slug in slugs}
    for slug in chosen:
        old = {**json.loads(good[slug]), "data_through": None}
        site.report_path(demo_home.site, slug).write_text(json.dumps(old))
    write = site.write_report

    def refuse_first(folder, document):
        if document["user"]["slug"] == chosen[0]:
            raise site.ContractError("broken for the test")
        return write(folder, document)

    monkeypatch.setattr(site, "write_report", refuse_first)
    settings = demo_home.model_copy(update={"publish_to": str(www)})
    summary = runs.run(settings, quiet, chosen)
    assert not summary.succeeded
    assert "broken for the test" in summary.failures[0]
    assert not summary.failures[1:]
    assert not summary.failed_checks
    for folder in (demo_home.site, www):
        assert not site.report_path(folder, chosen[0]).exists()
        for slug in slugs[1:]:
            made = json.loads(site.report_path(folder, slug).read_bytes())
            assert made | {"generated_at": ""} == json.loads(good[slug]) | {"generated_at": ""}


def test_what_follows_a_question_mark_is_not_published(settings: Settings, tmp_path: Path):
    log = tmp_path / "log.csv"
    rows = [f"u,2026-01-0{n}T10:0{n}:00Z,/reset?token=SECRET{n},view" for n in range(1, 10)]
    rows += [f"u,2026-01-1{n}T10:0{n}:00Z,HTTPS://Shop.example/a?key=SECRET,view" for n in range(9)]
    log.write_text("\n".join(["user_id,timestamp,page,event", *rows]) + "\n")
    with warehouse.connect(settings.database) as con:
        layout = layout_of(log, "csv", timezone=None, mapping={})
        ingest_file(con, settings, log, layout, datetime.now(UTC))
    registered, user = users.add([], users.Entry("u", tz="UTC"))
    users.save(settings.registry, registered)
    assert runs.run(settings, quiet).succeeded
    text = site.report_path(settings.site, user.slug).read_text()
    assert "/reset" in text
    assert "SECRET" not in text


def test_a_log_of_people_whom_nobody_registered_runs_through(settings: Settings, tmp_path: Path):
    log = tmp_path / "log.csv"
    log.write_text("user_id,timestamp,page,event\nu,2026-01-01T10:00:00Z,/,view\n")
    with warehouse.connect(settings.database) as con:
        layout = layout_of(log, "csv", timezone=None, mapping={})
        ingest_file(con, settings, log, layout, datetime.now(UTC))
    summary = runs.run(settings, quiet)
    assert summary.succeeded, summary
    assert json.loads((settings.site / "data" / "users.json").read_text())["users"] == []


def runs_only_reports(settings: Settings, slugs: list[str]) -> runs.Summary:
    """The job that the UI starts for chosen users."""
    summary = runs.Summary()
    with open_instance(settings) as instance:
        sync_partitions(instance, users.load(settings.registry))
        result = (
            build_defs(settings)
            .resolve_job_def("reports")
            .execute_in_process(instance=instance, tags=range_tags(slugs), raise_on_error=False)
        )
        runs._add(summary, result)
    return summary


def test_neighbours_split_where_a_key_is_missing():
    keys = list("abcdef")
    assert list(runs.neighbours(keys, "bcf")) == [["b", "c"], ["f"]]
    assert list(runs.neighbours(keys, keys)) == [keys]
    assert list(runs.neighbours(keys, "")) == []


def test_state_of_dagster_lies_in_the_home(demo_home: Settings):
    with open_instance(demo_home) as instance:
        assert instance.get_dynamic_partitions(users.USERS_NAME) is not None
    assert (demo_home.home / ".dagster" / "storage").is_dir()
    assert os.environ["DAGSTER_HOME"] == str(demo_home.home / ".dagster")


@pytest.fixture(autouse=True)
def forget_dagster_home():
    yield
    os.environ.pop("DAGSTER_HOME", None)
