"""What a statement must not do: leave the copy, write, change a setting, take too long or too much.

Belongs here: the attacks, by what they are after. Does not belong here: what `journey sql` prints.
"""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from homes import journey

from journey_dagster.limits import GRACE, Limits, StoppedError, n_bytes
from journey_dagster.query import ask, show
from journey_dagster.warehouse import WarehouseError

MARKER = "marker-of-a-secret"
WITHIN = Limits("300MB", 20)
SPACE = "\u00a0"

FILES = [
    "from read_csv('{home}/secret.csv')",
    "from read_csv_auto('secret.csv')",
    "from '{home}/secret.csv'",
    "from 'secret.json'",
    'from "{home}/secret.csv"',
    "from read_text('{home}/secret.csv')",
    "from read_text(['secret.csv', 'secret.json'])",
    "from read_blob('{home}/journey.duckdb')",
    "from read_blob('{home}/../*/secret*')",
    "from read_json('{home}/secret.json')",
    "from read_json_objects('{home}/secret.json')",
    "from read_ndjson_objects('{home}/secret.json')",
    "from read_parquet('{home}/secret.parquet')",
    "from parquet_metadata('{home}/secret.parquet')",
    "from parquet_kv_metadata('{home}/secret.parquet')",
    "from read_duckdb('{home}/journey.duckdb')",
    "from sniff_csv('{home}/secret.csv')",
    "from glob('{home}/*')",
    "from read_text('/proc/self/environ')",
    "from read_text('file://{home}/secret.csv')",
    "from read_csv('/dev/stdin')",
    "with a as (from read_text('secret.csv')) select (select content from a)",
    "select (select content from read_text('secret.csv'))",
    "from query('from read_text(''secret.csv'')')",
    "from query_table('{home}/secret.csv')",
    "from json_execute_serialized_sql(json_serialize_sql('from read_text(''secret.csv'')'))",
    "explain analyze from read_text('secret.csv')",
    "/* from core.users */ from/**/read_text/**/('secret.csv') -- where false",
    f"from{SPACE}read_text('secret.csv')",
    "FROM\nRead_Text(E'secr\\x65t.csv')",
    "from system.main.\"read_text\"(concat('secret', '.csv'))",
]
OTHER_DATABASES = [
    "attach '{home}/journey.duckdb' as other",
    "attach '{home}/journey.duckdb' as other (read_only); from other.raw.records",
    "from journey.raw.records",
    "attach ':memory:' as m",
    "detach analytics",
    "use memory",
    "copy from database analytics to memory",
]
WRITES = [
    "copy core.users to '{home}/out.csv'",
    "copy (select 1) to 'out.parquet' (format parquet)",
    "copy (select 1) to '/dev/stdout'",
    "explain analyze copy core.users to 'out.csv'",
    "export database 'out'",
    "import database 'out'",
    "create table core.x as select 1",
    "create temp table x as select 1",
    "create or replace macro main.funnel() as 1",
    "insert into core.users default values",
    "update core.users set tz = 'x' returning *",
    "delete from core.events",
    "truncate core.events",
    "drop table core.events",
    "alter table core.users rename to u",
    "comment on table core.users is 'x'",
    "merge into core.users using core.users as u on true when matched then delete",
    "checkpoint",
    "vacuum",
    "begin",
    "call force_checkpoint()",
]
SETTINGS = [
    "set enable_external_access = true",
    "set lock_configuration = false",
    "set memory_limit = '1TB'",
    "set temp_directory = '{home}/spill'",
    "reset memory_limit",
    "set variable x = 1",
    "pragma memory_limit = '1TB'",
    "pragma enable_profiling = 'json'",
    "pragma profiling_output = '{home}/out.json'",
    "call enable_logging(storage = 'file', storage_path = '{home}/out')",
    "set python_enable_replacements = true",
]
EXTENSIONS = [
    "install httpfs",
    "load httpfs",
    "load '{home}/secret.csv'",
    "force install spatial from community",
    "from 'https://127.0.0.1:9/x.csv'",
    "from read_parquet('s3://bucket/x.parquet')",
    "create secret s (type s3, key_id 'k', secret 's')",
    "from load_aws_credentials()",
    "from sqlite_scan('{home}/secret.csv', 'x')",
]
PROGRAM = [
    "select getenv('SECRET')",
    "from statement",
    "from config",
    "from database",
    "from arrow_scan(1, 2, 3)",
    "from pandas_scan(1)",
    "from python_map_function()",
]
UNPRINTABLE = [
    "select 'x'::blob",
    "select ['x'::blob] as v",
    "select {'a': [interval 1 day]} as v",
    "select union_value(k := 1) as v",
    "select '101'::bit as v",
    "select 123456789012345678901234567890::bignum as v",
]
SEVERAL = [
    "select 1; select 2",
    "select 1; attach 'journey.duckdb'",
    "select 1 -- ;\n; drop table core.events",
    "select 1 /* ; */ ; copy core.users to 'out.csv'",
    "prepare p as select 1",
    "execute p",
    "deallocate p",
    "begin; select 1; commit",
    "from query('select 1; select 2')",
    "",
    ";",
    "-- nothing",
    "/* nothing */",
]
REFUSED = [
    *FILES,
    *OTHER_DATABASES,
    *WRITES,
    *SETTINGS,
    *EXTENSIONS,
    *PROGRAM,
    *UNPRINTABLE,
    *SEVERAL,
]
HARMLESS = [
    "select 1\0; drop table core.events",
    "from duckdb_secrets()",
    "from duckdb_databases()",
    "from duckdb_settings()",
    "from duckdb_logs",
    "from duckdb_temporary_files()",
    "select getvariable('SECRET')",
    "from enable_logging(storage = 'file', storage_path = '{home}/out')",
    "from enable_profiling(format = 'json', save_location = '{home}/out.json')",
    "select write_log('x')",
    "from checkpoint()",
    "explain select * from core.users",
    "pragma table_info('core.users')",
    "summarize core.users",
]


@pytest.fixture(scope="module")
def home(ran: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy, and beside it what nobody may read through it."""
    folder = tmp_path_factory.mktemp("safe")
    for name in ("analytics.duckdb", "journey.duckdb"):
        shutil.copy(ran / name, folder)
    (folder / "secret.csv").write_text(f"name\n{MARKER}\n")
    (folder / "secret.json").write_text(json.dumps([{"name": MARKER}]))
    with duckdb.connect() as con:
        con.execute(f"copy (select '{MARKER}' as name) to '{folder}/secret.parquet'")
    return folder


@pytest.fixture
def untouched(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The home, as the folder one is in; afterwards it has to be what it was."""
    monkeypatch.chdir(home)
    monkeypatch.setenv("SECRET", MARKER)
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    yield home
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before


def printed(home: Path, statement: str, limits: Limits = WITHIN) -> str:
    said: list[str] = []
    with ask(home / "analytics.duckdb", statement.replace("{home}", str(home)), limits) as rows:
        show(rows, "csv", 100, said.append)
    return "".join(said)


@pytest.mark.parametrize("statement", REFUSED)
def test_an_attack_is_refused_in_one_line(untouched: Path, statement: str):
    with pytest.raises(WarehouseError, match=r"^the query failed: ") as refused:
        printed(untouched, statement)
    assert "\n" not in str(refused.value)
    assert MARKER not in str(refused.value)


@pytest.mark.parametrize("statement", HARMLESS)
def test_what_runs_tells_no_secret_and_leaves_nothing(untouched: Path, statement: str):
    assert MARKER not in printed(untouched, statement)


def test_the_marker_would_have_been_found(home: Path):
    """The attacks fail because of the limits, not because there is nothing to find."""
    with duckdb.connect(home / "analytics.duckdb", read_only=True) as con:
        for statement in FILES[:2]:
            told = statement.replace("'secret", f"'{home}/secret").replace("{home}", str(home))
            assert MARKER in str(con.execute(told).fetchall())


# ---- time, memory, disk -------------------------------------------------------------------------

ENDLESS = [
    "select count(*) from range(1000000000000)",
    "from range(1000000000000)",
    "with recursive r as (select 1 as i union all select i from r) select count(*) from r",
    "select max(hash(a.range * b.range)) from range(1000000) as a, range(1000000) as b",
]
HUGE = [
    "select list(range) from range(1000000000)",
    "select count(distinct hash(range)) from range(1000000000)",
    "from range(100000000) order by hash(range)",
    "select range, row_number() over (order by hash(range)) from range(100000000)",
]


@pytest.mark.parametrize("statement", ENDLESS)
def test_what_does_not_end_is_stopped(untouched: Path, statement: str):
    with pytest.raises(StoppedError, match=r"after 0\.3 s\. .*--timeout"):
        printed(untouched, statement, Limits("300MB", 0.3))


@pytest.mark.parametrize("statement", HUGE)
def test_what_wants_more_memory_gets_none_and_spills_nothing(untouched: Path, statement: str):
    with pytest.raises(StoppedError, match=r"more than 60MB of memory.*--memory"):
        printed(untouched, statement, Limits("60MB", 60))


def test_one_value_of_gigabytes_is_refused_by_the_system(ran: Path):
    """DuckDB does not count it, so that its own limit would let it through."""
    done = journey(*("sql", "select repeat('x', 4000000000) as x", "--memory", "300MB"), home=ran)
    assert (done.returncode, done.stdout) == (1, "")
    assert "more than 300MB of memory" in done.stderr


def test_a_step_that_hears_nothing_is_ended(ran: Path):
    start = time.monotonic()
    done = journey(
        *("sql", "select levenshtein(repeat('a', 300000), repeat('b', 300000))"),
        *("--timeout", "0.5"),
        home=ran,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: stopped after 0.5 s.")
    assert time.monotonic() - start < GRACE + 60, "what it would take is minutes"


def test_a_long_answer_takes_no_more_memory_than_a_short_one(home: Path):
    """Rows are written as they come: ten million of them pass within a few megabytes."""
    n_bytes_written, most = 0, 0

    def write(text: str) -> None:
        nonlocal n_bytes_written, most
        n_bytes_written, most = n_bytes_written + len(text), max(most, len(text))

    with ask(home / "analytics.duckdb", "from range(10000000)", Limits("100MB", 60)) as rows:
        answer = show(rows, "csv", 1, write)
    assert answer.n_rows == 10_000_000
    assert n_bytes_written > 50 * most


@pytest.mark.parametrize(
    ("size", "expected"), [("1GB", 10**9), ("1.5 MiB", 1.5 * 2**20), ("500KB", 500_000)]
)
def test_sizes_are_read(size: str, expected: float):
    assert n_bytes(size) == expected
