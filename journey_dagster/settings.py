"""Where things lie and what the thresholds are: one object, read from `JOURNEY_*` and `.env`.

Belongs here: every setting, its default and its meaning; the paths below the home.
Does not belong here: what is derived from data, Dagster configuration, secrets in clear.
`.env.example` is held against this class by a test.
"""

import re
from datetime import date
from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[1]
"""The project's top level: the package is run from a checkout, beside `assets/` and `sql/`."""

SQL = ROOT / "sql"


class Settings(BaseSettings):
    """All settings. Each field is the variable `JOURNEY_<NAME>`; the defaults need no secret."""

    model_config = SettingsConfigDict(
        env_prefix="JOURNEY_", env_file=ROOT / ".env", env_ignore_empty=True, extra="ignore"
    )

    home: Path = Field(
        default=ROOT / "warehouse",
        description="Folder of everything at run time: raw segments, the warehouse, the site.",
    )
    session_gap_minutes: int = Field(
        default=30, ge=1, description="A longer pause than this ends a session."
    )
    earliest_event: date = Field(
        default=date(1990, 1, 1),
        description="Events dated before this day are flagged as noise and kept out of sessions.",
    )
    default_timezone: str = Field(
        default="UTC", description="Clock of users whose time zone nobody stated (an IANA name)."
    )
    natural_exits: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("/order/confirmation", "/logout", "Logout"),
        description="Pages or events where leaving is success, with commas between; no friction.",
    )
    recent_days: int = Field(
        default=30, ge=1, description="Length of a report's recent activity, in days."
    )
    min_sessions_per_user: float = Field(
        default=1, description="Flow check: fewer sessions per user than this is a warning."
    )
    min_flow_length: float = Field(
        default=3, description="Flow check: a shorter mean session (in steps) is a warning."
    )
    min_pages: int = Field(default=10, description="Flow check: fewer pages than this warn.")
    min_sessions: int = Field(default=50, description="Flow check: fewer sessions than this warn.")
    min_edge_events: int = Field(
        default=2, description="Flow check: fewer distinct events on transitions warn."
    )
    min_support: int = Field(
        default=30, ge=1, description="Friction ranks only pairs visited at least this often."
    )
    memory_limit: str = Field(
        default="1GB", description="Memory DuckDB may use before it spills to disk."
    )
    automate: bool = Field(
        default=False, description="Start the nightly schedule by itself (a deployment's profile)."
    )
    nightly: str = Field(
        default="0 3 * * *", description="When the nightly run starts, as a cron line in UTC."
    )

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().resolve()

    @field_validator("natural_exits", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(page.strip() for page in value.split(",") if page.strip())
        return value

    @field_validator("memory_limit")
    @classmethod
    def _size(cls, limit: str) -> str:
        if not re.fullmatch(r"\d+(\.\d+)? ?[KMGT]i?B", limit):
            raise ValueError(f"{limit!r} is no size, such as 1GB or 500MB")
        return limit

    @field_validator("nightly")
    @classmethod
    def _cron(cls, line: str) -> str:
        if not re.fullmatch(r"[\d*/,-]+( [\d*/,-]+){4}", line):
            raise ValueError(f"{line!r} is no cron line of five fields, such as 0 3 * * *")
        return line

    @field_validator("default_timezone")
    @classmethod
    def _iana(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"{name!r} is no IANA time zone, such as Europe/Berlin")
        return name

    @property
    def database(self) -> Path:
        """The pipeline's own warehouse; nobody else opens it."""
        return self.home / "journey.duckdb"

    @property
    def analytics(self) -> Path:
        """The analysts' copy, replaced atomically."""
        return self.home / "analytics.duckdb"

    @property
    def raw(self) -> Path:
        """Raw segments, immutable: the warehouse can be rebuilt from them."""
        return self.home / "raw"

    @property
    def registry(self) -> Path:
        """The users who get a report."""
        return self.home / "users.json"

    @property
    def site(self) -> Path:
        """The published site."""
        return self.home / "site"

    def sql_parameters(self) -> dict[str, object]:
        """The settings that SQL files may name, as bound parameters."""
        return {
            "session_gap_us": self.session_gap_minutes * 60_000_000,
            "earliest_event": self.earliest_event,
            "default_timezone": self.default_timezone,
            "natural_exits": list(self.natural_exits),
            "recent_days": self.recent_days,
            "min_support": self.min_support,
        }
