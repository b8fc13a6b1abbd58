"""The command line: stdout is data, stderr is narration, exit codes mean what they say."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from homes import journey

from journey_dagster import terminal
from journey_dagster.settings import ROOT, Settings


def test_sql_prints_rows_in_every_format(ran: Path):
    statement = "select page, n_visits from marts.friction order by all limit 2"
    table = journey("sql", statement, home=ran)
    assert table.returncode == 0
    assert "n_visits" in table.stdout
    csv = journey("sql", statement, "--format", "csv", home=ran).stdout
    assert csv.splitlines()[0] == "page,n_visits"
    assert len(csv.splitlines()) == 3
    rows = json.loads(journey("sql", statement, "--json", home=ran).stdout)
    assert set(rows[0]) == {"page", "n_visits"}
    md = journey("sql", statement, "--format", "md", home=ran).stdout
    assert md.splitlines()[1].startswith("|--")


def test_sql_says_when_it_cuts(ran: Path):
    cut = journey("sql", "from core.events", "--limit", "3", home=ran)
    assert cut.returncode == 0
    assert "the first 3 rows of 1,440" in cut.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "delete from core.events",
        "create table core.x as select 1",
        "select * from read_text('/etc/hostname')",
        "copy core.events to 'out.csv'",
        "set enable_external_access = true",
        "attach 'other.duckdb'",
        "selct 1",
        "",
        "/* nothing */",
        "select 1; select 2",
        "select interval 1 day",
    ],
)
def test_sql_only_reads_and_only_the_copy(ran: Path, statement: str):
    refused = journey("sql", statement, home=ran)
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr.startswith("error: the query failed")
    assert "Traceback" not in refused.stderr


def test_nothing_yet_is_said_with_the_next_step(tmp_path: Path):
    empty = tmp_path / "empty"
    asked = journey("sql", "select 1", home=empty)
    assert asked.returncode == 2
    assert "journey run" in asked.stderr
    assert "journey demo" in journey("status", home=empty).stdout
    assert journey("site", "serve", home=empty).returncode == 2
    assert "nobody yet" in journey("users", "list", home=empty).stderr


def test_users_are_registered_and_changed(tmp_path: Path):
    home = tmp_path / "home"
    added = journey("users", "add", "u-1", "--name", "Robin", "--tz", "Europe/Berlin", home=home)
    assert (added.returncode, added.stdout) == (0, "robin\n")
    second = journey("users", "add", "u-2", "u-3", home=home)
    assert second.stdout.split() == ["u-2", "u-3"]
    assert "time zone not known" in second.stderr
    changed = journey("users", "set", "u-2", "--tz", "Asia/Tokyo", "--name", "Wren", home=home)
    assert changed.returncode == 0
    listed = json.loads(journey("users", "list", "--json", home=home).stdout)
    assert [(user["slug"], user["tz"]) for user in listed] == [
        ("robin", "Europe/Berlin"),
        ("u-2", "Asia/Tokyo"),
        ("u-3", None),
    ]
    for wrong in (
        ("users", "add", "u-4", "--tz", "Berlin"),
        ("users", "set", "nobody", "--tz", "UTC"),
        ("users", "add"),
    ):
        refused = journey(*wrong, home=home)
        assert refused.returncode == 2
        assert "Traceback" not in refused.stderr


def test_status_and_doctor_speak_to_people_and_machines(ran: Path):
    told = journey("status", home=ran).stdout
    assert "24 published" in told
    found = json.loads(journey("status", "--json", home=ran).stdout)
    assert found["n_events"] == 1440
    assert all(
        topic["n_consumed"]
        == topic["n_events"]
        + topic["n_duplicates"]
        + topic["n_quarantined"]
        + topic["n_superseded"]
        + topic["n_tombstones"]
        for topic in found["topics"]
    )
    findings = json.loads(journey("doctor", "--json", home=ran).stdout)
    assert not [finding for finding in findings if finding["state"] == "wrong"]


def test_doctor_names_a_cure_for_what_is_wrong(demo_home: Settings):
    demo_home.registry.write_text("[{]")
    segment = next(demo_home.raw.rglob("*.parquet"))
    segment.write_bytes(b"damaged")
    told = journey("doctor", home=demo_home.home)
    assert told.returncode == 1
    assert "✗ registry" in told.stdout
    assert "✗ raw segments" in told.stdout
    assert told.stdout.count("→") >= 2


def test_a_report_is_exported_as_files(ran: Path, tmp_path: Path):
    slug = json.loads(journey("users", "list", "--json", home=ran).stdout)[1]["slug"]
    folder = tmp_path / "taken"
    for _ in range(2):  # what is ours is replaced
        done = journey("export", "report", slug, "--dir", str(folder), "--json", home=ran)
        assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {Path(one["file"]).name for one in told} == {path.name for path in folder.iterdir()}
    document = json.loads((folder / "report.json").read_bytes())
    assert document["user"]["slug"] == slug
    days = (folder / "days.csv").read_text().splitlines()
    assert len(days) - 1 == document["evidence"]["active_days"]
    page = (folder / "report.html").read_text()
    assert f'data-user="{slug}"' in page
    assert 'src="' not in page.replace('src="data:', "")
    (folder / "report.html").write_text("somebody else's")
    refused = journey("export", "report", slug, "--dir", str(folder), home=ran)
    assert refused.returncode == 2
    unknown = journey("export", "report", "nobody-at-all", "--dir", str(folder), home=ran)
    assert unknown.returncode == 2


def test_a_report_is_shown_on_the_terminal(ran: Path):
    users = json.loads(journey("users", "list", "--json", home=ran).stdout)
    slug = users[1]["slug"]
    shown = journey("report", "show", slug, home=ran)
    assert shown.returncode == 0
    assert users[1]["display_name"] in shown.stdout
    assert "Mon " in shown.stdout
    assert "(template text)" in shown.stdout
    document = json.loads(journey("report", "show", slug, "--json", home=ran).stdout)
    assert document["user"]["slug"] == slug
    document["narrative"]["model"] = "openai:a-model"
    assert "(written by openai:a-model)" in terminal.report(document)
    wrong = journey("report", "show", slug + "x", home=ran)
    assert wrong.returncode == 2
    assert f"did you mean {slug}" in wrong.stderr


def test_a_wrong_setting_is_named(tmp_path: Path):
    refused = journey("status", home=tmp_path / "h", JOURNEY_DEFAULT_TIMEZONE="Moon")
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: JOURNEY_DEFAULT_TIMEZONE")


@pytest.mark.parametrize(
    ("name", "value"),
    [("MEMORY_LIMIT", "lots"), ("NIGHTLY", "bogus"), ("HOME", "/proc/nowhere")],
)
def test_what_cannot_work_is_one_line_and_no_traceback(tmp_path: Path, name: str, value: str):
    log = tmp_path / "log.csv"
    log.write_text("user_id,timestamp,page,event\nu,2026-01-01T00:00:00Z,/,view\n")
    refused = journey(
        "ingest", "file", str(log), "--format", "csv",
        home=tmp_path / "h", **{f"JOURNEY_{name}": value},
    )  # fmt: skip
    assert refused.returncode in {1, 2}
    assert refused.stderr.startswith("error: ")
    assert "Traceback" not in refused.stderr


def test_registrations_at_once_are_all_kept(tmp_path: Path):
    home = tmp_path / "home"
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda n: journey("users", "add", f"p{n}", home=home), range(4)))
    assert [one.returncode for one in done] == [0] * 4
    listed = json.loads(journey("users", "list", "--json", home=home).stdout)
    assert {user["user_id"] for user in listed} == {f"p{n}" for n in range(4)}


def test_names_cannot_command_a_terminal(tmp_path: Path):
    home = tmp_path / "home"
    journey("users", "add", "u", "--name", "\x1b[31mred\x07", home=home)
    shown = journey("users", "list", home=home).stdout
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_a_demo_does_not_touch_the_topics_of_others(tmp_path: Path):
    home = tmp_path / "home"
    assert journey("users", "add", "mine", "--tz", "UTC", home=home).returncode == 0
    refused = journey("demo", "--users", "2", "--events", "5", home=home)
    assert refused.returncode == 2
    assert "JOURNEY_HOME=" in refused.stderr
    assert {path.name for path in home.iterdir()} == {"users.json", ".users.json.lock"}


def test_a_demo_of_another_size_replaces_the_demo(demo_home: Settings):
    done = journey("demo", "--users", "3", "--events", "30", home=demo_home.home)
    assert done.returncode == 0, done.stderr
    found = json.loads(journey("status", "--json", home=demo_home.home).stdout)
    assert (found["n_events"], found["n_users"]) == (90, 3)
    assert found["reports"] == {"published": 3}
    assert "done in" in done.stderr
    assert "\x1b[" not in done.stderr


def test_a_real_shape_of_log_gives_what_it_holds(tmp_path: Path):
    """Views of one day with second-grained ties, repeated rows and query strings as pages."""
    home = tmp_path / "home"
    log = tmp_path / "log.csv"
    log.write_text(
        "visitor,at,url,kind\n"
        + "".join(f"v{n % 3},1995-08-01 06:00:{n:02d},/page?{n % 5},GET\n" for n in range(60))
        + "v0,1995-08-01 06:00:00,/page?0,GET\n"
        + "v0,1995-08-01 09:00:00,/page?0,GET\n"
    )
    taken = journey(
        "ingest", "file", str(log), "--format", "csv", "--timezone", "UTC", "--map",
        "user_id=visitor", "--map", "timestamp=at", "--map", "page=url", "--map", "event=kind",
        home=home,
    )  # fmt: skip
    assert taken.returncode == 0, taken.stderr
    assert journey("run", home=home).returncode == 0
    counts = journey(
        "sql",
        "select (select count(*) from core.events) e, (select count(*) from core.pages) p, "
        "(select count(*) from core.sessions) s",
        "--json",
        home=home,
    )
    assert json.loads(counts.stdout) == [{"e": 62, "p": 5, "s": 4}]


def test_help_lists_the_commands():
    shown = journey("--help", home=ROOT / "warehouse").stdout
    for command in ("demo", "synth", "ingest", "run", "users", "report", "site", "sql", "doctor"):
        assert command in shown
