"""Where things lie and what the thresholds are: read from `JOURNEY_*`, `KAFKA_*` and `.env`.

Belongs here: every setting, its default and its meaning; the paths below the home.
Does not belong here: what is derived from data, Dagster configuration, secrets in clear.
`.env.example` is held against this class by a test.
"""

import re
import shlex
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, cast, get_args
from zoneinfo import available_timezones

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[1]
"""The project's top level: the package is run from a checkout, beside `assets/` and `sql/`."""

SQL = ROOT / "sql"

Format = Literal["csv", "json", "ksql", "mixpanel", "amplitude", "ga4", "segment", "snowplow"]
"""Shapes that records can have."""


class TopicChoice(NamedTuple):
    """A topic to read, and what its records do not say themselves."""

    name: str
    user_id: str | None = None
    """Whose the records are that name nobody."""
    format: Format | None = None
    """Their shape; by default it is told from the first records."""

    @classmethod
    def parse(cls, text: str) -> "TopicChoice":
        """Read NAME, NAME:FORMAT, NAME=USER_ID or NAME:FORMAT=USER_ID.

        Raises:
            ValueError: the name is none that a topic can have, or the format is unknown.
        """
        told, has_user, user_id = text.strip().partition("=")
        name, _, format_ = told.partition(":")
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,249}", name):
            raise ValueError(f"{name!r} is no name of a topic")
        formats = [name for name in get_args(Format) if name not in {"csv", "snowplow"}]
        if format_ and format_ not in formats:
            raise ValueError(f"{format_!r} is no format of a topic; they are {', '.join(formats)}")
        if has_user and not user_id:
            raise ValueError(f"{text!r} names no user; write {name}=USER_ID")
        return cls(name, user_id or None, cast("Format | None", format_ or None))


class Settings(BaseSettings):
    """All settings. Each field is the variable `JOURNEY_<NAME>`; the defaults need no secret."""

    model_config = SettingsConfigDict(
        env_prefix="JOURNEY_", env_file=ROOT / ".env", env_ignore_empty=True, extra="ignore"
    )

    home: Path = Field(
        default=ROOT / "warehouse",
        description="Folder of everything at run time: raw segments, the warehouse, the site.",
    )
    dataset: str = Field(
        default="journey",
        pattern=r"^[A-Za-z0-9._-]{1,64}$",
        description="Name of the data, on pages and in the names of files.",
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
    page_ids: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(
            "[0-9]+",
            "[0-9A-Fa-f]{8}(-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}",
            "[0-9a-f]{16,}",
        ),
        description="Parts of an address that become :id: regular expressions, blanks between.",
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
        default=10, ge=1, description="Friction ranks only pairs visited at least this often."
    )
    friction_error_rate: float = Field(
        default=0.05,
        gt=0,
        lt=0.5,
        description="Chance that anything is called a chokepoint, or changed, where nothing is.",
    )
    chokepoint_ratio: float = Field(
        default=1.5,
        ge=1,
        description="A chokepoint loses at least this many times what everything else loses.",
    )
    friction_period_days: int = Field(
        default=28, ge=1, description="Length of the periods whose friction is compared, in days."
    )
    error_words: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("error", "failed", "failure", "exception"),
        description="Words in the names of events that report an error, with commas between.",
    )
    sankey_steps: int = Field(
        default=5, ge=1, le=50, description="Stops of a session that the step diagram shows."
    )
    sankey_pages: int = Field(
        default=6, ge=1, description="Pages of each stop that the step diagram shows by name."
    )
    top_paths: int = Field(default=100, ge=1, description="Paths that are listed by their pages.")
    max_identity_cluster: int = Field(
        default=50, ge=1, description="More ids than this are never taken for one person."
    )
    memory_limit: str = Field(
        default="1GB", description="Memory DuckDB may use before it spills to disk."
    )
    keep_days: int = Field(
        default=0, ge=0, description="Days that records of events are kept; 0: for ever."
    )
    automate: bool = Field(
        default=False, description="Start the nightly schedule by itself (a deployment's profile)."
    )
    nightly: str = Field(
        default="0 3 * * *", description="When the nightly run starts, as a cron line in UTC."
    )
    keep_copies_days: int = Field(
        default=2, ge=0, description="Days that a copy for analysts keeps its dated name; 0: none."
    )
    alert_webhook: SecretStr = Field(
        default=SecretStr(""),
        description="Address that is told of failed runs and checks, as Slack takes it (a secret).",
    )
    alert_command: str = Field(
        default="",
        description="Command that is given the same on its input, such as mail -s Journey ops@x.",
    )
    publish_to: str = Field(
        default="",
        description="Where a run and `journey site publish` bring the site: a folder, "
        "s3://bucket/prefix, or git:URL#branch.",
    )
    publish_friction: bool = Field(
        default=True,
        description="Let the friction page's data go out too; it names no private user.",
    )
    publish_author: str = Field(
        default="Journey <journey@localhost>", description="Who commits to a branch: NAME <MAIL>."
    )

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().resolve()

    @field_validator("natural_exits", "error_words", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(page.strip() for page in value.split(",") if page.strip())
        return value

    @field_validator("page_ids", mode="before")
    @classmethod
    def _split_rules(cls, value: object) -> object:
        rules = tuple(value.split()) if isinstance(value, str) else value
        for rule in cast("tuple[str, ...]", rules):
            try:
                re.compile(rule)
            except re.error as error:
                raise ValueError(f"{rule!r} is no regular expression ({error})") from error
        return rules

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

    @field_validator("alert_webhook")
    @classmethod
    def _web_address(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value() and not re.match("https?://[^/]", url.get_secret_value()):
            raise ValueError("not an address that starts with https:// or http://")
        return url

    @field_validator("alert_command")
    @classmethod
    def _command(cls, line: str) -> str:
        try:
            shlex.split(line)
        except ValueError as error:
            raise ValueError(f"no command, as a shell would read it ({error})") from error
        return line

    @field_validator("publish_author")
    @classmethod
    def _author(cls, author: str) -> str:
        if not re.fullmatch(r"[^<>\n]+ <[^<>\s]+>", author):
            raise ValueError(f"{author!r} is no NAME <MAIL>, such as Journey <journey@localhost>")
        return author

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
    def vetoes(self) -> Path:
        """The pairs of ids that an operator keeps apart."""
        return self.home / "identity_vetoes.json"

    @property
    def funnels(self) -> Path:
        """The funnels that people defined."""
        return self.home / "funnels.json"

    @property
    def ledger(self) -> Path:
        """What models were asked, answered and cost."""
        return self.home / "insights.sqlite"

    @property
    def site(self) -> Path:
        """The site of everybody, on this machine; what leaves it is a part."""
        return self.home / "site"

    @property
    def publishing(self) -> Path:
        """Unguessable names, and where the site went; for its owner alone."""
        return self.home / "publishing.json"

    @property
    def author(self) -> tuple[str, str]:
        """Name and mail of who commits."""
        name, _, mail = self.publish_author.removesuffix(">").partition(" <")
        return name, mail

    def sql_parameters(self) -> dict[str, object]:
        """The settings that SQL files may name, as bound parameters."""
        return {
            "page_ids": list(self.page_ids),
            "session_gap_us": self.session_gap_minutes * 60_000_000,
            "earliest_event": self.earliest_event,
            "default_timezone": self.default_timezone,
            "natural_exits": list(self.natural_exits),
            "recent_days": self.recent_days,
            "min_support": self.min_support,
            "friction_error_rate": self.friction_error_rate,
            "chokepoint_ratio": self.chokepoint_ratio,
            "friction_period_days": self.friction_period_days,
            "error_words": [word.lower() for word in self.error_words],
            "sankey_steps": self.sankey_steps,
            "sankey_pages": self.sankey_pages,
            "top_paths": self.top_paths,
            "max_identity_cluster": self.max_identity_cluster,
        }


class KafkaSettings(BaseSettings):
    """The broker. Each field is the variable `KAFKA_<NAME>`; without a broker, none is asked."""

    model_config = SettingsConfigDict(
        env_prefix="KAFKA_",
        env_file=ROOT / ".env",
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
    )

    bootstrap_servers: str | None = Field(
        default=None, description="Addresses of the brokers, such as 127.0.0.1:9092, with commas."
    )
    topics: Annotated[tuple[TopicChoice, ...], NoDecode] = Field(
        default=(),
        description="Topics that every run reads, with commas between. NAME=USER_ID gives the "
        "records of a topic that name nobody to this user; NAME:FORMAT states its shape.",
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] | None = Field(
        default=None,
        description="By default SASL_SSL with a user name, SSL with a certificate, else PLAINTEXT.",
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="PLAIN", description="How the user name is proven."
    )
    sasl_username: str | None = Field(
        default=None,
        validation_alias=AliasChoices("KAFKA_SASL_USERNAME", "KAFKA_API_KEY"),
        description="User name; KAFKA_API_KEY means the same.",
    )
    sasl_password: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("KAFKA_SASL_PASSWORD", "KAFKA_API_SECRET"),
        description="Password; KAFKA_API_SECRET means the same.",
    )
    ssl_ca_location: Path | None = Field(
        default=None, description="Certificates to trust, if not the system's (PEM)."
    )
    ssl_certificate_location: Path | None = Field(
        default=None, description="Our own certificate, where the broker asks for one (PEM)."
    )
    ssl_key_location: Path | None = Field(default=None, description="The key to it (PEM).")
    ssl_key_password: SecretStr | None = Field(default=None, description="The key's password.")
    timeout_seconds: float = Field(
        default=60, gt=0, description="A broker silent for longer is taken to be down."
    )

    @field_validator("bootstrap_servers")
    @classmethod
    def _addresses(cls, servers: str | None) -> str | None:
        if servers and "://" in servers:
            raise ValueError(f"{servers!r} is no list of addresses, such as 127.0.0.1:9092")
        return servers

    @field_validator("topics", mode="before")
    @classmethod
    def _choose(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(TopicChoice.parse(one) for one in value.split(",") if one.strip())
        return value

    @property
    def protocol(self) -> str:
        """How to connect, where it is not stated."""
        if self.security_protocol:
            return self.security_protocol
        if self.sasl_username:
            return "SASL_SSL"
        return "SSL" if self.ssl_certificate_location else "PLAINTEXT"


MOST_USD = 1_000_000
"""What no price per million tokens exceeds; and infinity is no price."""


class InsightsSettings(BaseSettings):
    """Models that word what facts hold. Each field is the variable `INSIGHTS_<NAME>`.

    Without them, and whenever they fail, stories are template text; so nothing here is needed.
    """

    model_config = SettingsConfigDict(
        env_prefix="INSIGHTS_",
        env_file=ROOT / ".env",
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
    )

    enabled: bool = Field(default=False, description="Ask models; off, nothing leaves and costs.")
    story_model: str = Field(
        default="bedrock:us.anthropic.claude-haiku-4-5-20251001-v1:0",
        pattern="^(bedrock|openai):.+$",
        description="Writes narratives and the recent spotlight; SERVICE:MODEL.",
    )
    structure_model: str = Field(
        default="openai:gpt-5-nano",
        pattern="^(bedrock|openai):.+$",
        description="Words interests and proposes charts; SERVICE:MODEL.",
    )
    prices: Annotated[Mapping[str, tuple[float, float]], NoDecode] = Field(
        default_factory=dict[str, tuple[float, float]],
        description="Dollars per million tokens of further models: MODEL=IN/OUT, commas between.",
    )
    cap_user_usd: float = Field(
        default=0.10,
        ge=0,
        le=1_000_000,
        description="The most that one user may cost on one day (UTC).",
    )
    cap_run_usd: float = Field(
        default=5, ge=0, le=1_000_000, description="The most that one run may cost."
    )
    cap_day_usd: float = Field(
        default=10,
        ge=0,
        le=1_000_000,
        description="The most that all runs of a day (UTC) may cost together.",
    )
    concurrency: int = Field(default=8, ge=1, le=64, description="Questions under way at once.")
    timeout_seconds: float = Field(
        default=25,
        gt=0,
        le=3600,
        description="A service silent for longer gets the question again.",
    )
    user_seconds: float = Field(
        default=60,
        gt=0,
        le=3600,
        description="Time for all questions about one user, retries included.",
    )
    openai_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("OPENAI_API_KEY"),
        description="Key of OpenAI, or of whoever serves OPENAI_BASE_URL.",
    )
    openai_base_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("OPENAI_BASE_URL"),
        description="Another service that speaks OpenAI's protocol, such as OpenRouter.",
    )
    aws_region: str = Field(
        default="us-east-1",
        validation_alias=AliasChoices("AWS_REGION"),
        description="Region of Bedrock; its key comes as AWS's own tools take it.",
    )
    bedrock_url: str | None = Field(
        default=None, description="Another address of Bedrock, such as a private endpoint."
    )

    @field_validator("prices", mode="before")
    @classmethod
    def _priced(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        found: dict[str, tuple[float, float]] = {}
        for one in filter(None, map(str.strip, value.split(","))):
            name, _, price = one.rpartition("=")
            try:
                into, out = map(float, price.split("/"))
            except ValueError as error:
                raise ValueError(f"{one!r} is no price, such as my-model=0.05/0.40") from error
            if not name or not (0 <= into < MOST_USD and 0 <= out < MOST_USD):
                raise ValueError(f"{one!r} is no price, such as my-model=0.05/0.40")
            found[name] = (into, out)
        return found


def variables() -> dict[str, FieldInfo]:
    """Every variable that is read, with its field; two names of one field are two variables."""
    found: dict[str, FieldInfo] = {}
    for settings in (Settings, KafkaSettings, InsightsSettings):
        prefix = settings.model_config.get("env_prefix", "")
        for name, field in settings.model_fields.items():
            alias = field.validation_alias
            stated = alias.choices if isinstance(alias, AliasChoices) else [prefix + name.upper()]
            found |= {str(each): field for each in stated}
    return found
