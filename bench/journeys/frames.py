"""Contenders on data frames: pandas and Polars, each the plain way and the best way known to us."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import polars as pl

from journeys import GAP_US, Totals

COLUMNS = ["user_id", "occurred_at", "page"]


def pandas(file: Path) -> Callable[[], Totals]:
    """pandas, vectorised: sort, shift, cumulate, group."""
    return _pandas(pd.read_parquet(file, columns=COLUMNS))


def pandas_codes(file: Path) -> Callable[[], Totals]:
    """pandas, vectorised, users and pages as categories."""
    frame = pd.read_parquet(file, columns=COLUMNS)
    return _pandas(frame.astype({"user_id": "category", "page": "category"}))


def _pandas(frame: pd.DataFrame) -> Callable[[], Totals]:
    frame = frame.sort_values(["user_id", "occurred_at"])
    pause = frame.groupby("user_id", sort=False, observed=True)["occurred_at"].diff()
    frame["session"] = (~(pause <= pd.Timedelta(microseconds=GAP_US))).cumsum()
    by_session = frame.groupby("session", sort=False)
    frame["next_page"] = by_session["page"].shift(-1)
    sessions = by_session.agg(
        user_id=("user_id", "first"),
        started_at=("occurred_at", "first"),
        ended_at=("occurred_at", "last"),
        n_steps=("page", "size"),
    )
    pairs = frame.dropna(subset="next_page").groupby(
        ["page", "next_page"], sort=False, observed=True
    )
    ways = pairs.size()
    users = sessions.groupby("user_id", sort=False, observed=True).agg(
        n_events=("n_steps", "sum"),
        n_sessions=("n_steps", "size"),
        first_at=("started_at", "min"),
        last_at=("ended_at", "max"),
    )

    def totals() -> Totals:
        lasting = sessions["ended_at"] - sessions["started_at"]
        return {
            "n_events": int(users["n_events"].sum()),
            "n_users": len(users),
            "users_squared": int((users["n_events"] ** 2).sum()),
            "n_sessions": int(users["n_sessions"].sum()),
            "sessions_squared": int((sessions["n_steps"] ** 2).sum()),
            "durations": int(lasting.astype("timedelta64[us]").astype("int64").sum()),
            "n_ways": len(ways),
            "ways_squared": int((ways**2).sum()),
        }

    return totals


def polars(file: Path) -> Callable[[], Totals]:
    """Polars, streaming, users and pages as categories, sorted by user and time."""
    return _polars(_coded(file).sort("code", "us"))


def polars_in_order(file: Path) -> Callable[[], Totals]:
    """The same, but the file is trusted to be sorted by time: a stable sort by user alone."""
    return _polars(_coded(file).sort("code", maintain_order=True))


def _coded(file: Path) -> pl.LazyFrame:
    read = pl.scan_parquet(file).select(
        pl.col("user_id", "page").cast(pl.Categorical), us=pl.col("occurred_at").to_physical()
    )
    return read.with_columns(code=pl.col("user_id").to_physical())


def _polars(ordered: pl.LazyFrame) -> Callable[[], Totals]:
    same_user = pl.col("code") == pl.col("code").shift(1)
    same_session = same_user & (pl.col("us").diff() <= GAP_US)
    steps = (
        ordered.with_columns(is_entry=~same_session.fill_null(value=False))
        .with_columns(
            session=pl.col("is_entry").cum_sum(),
            next_page=pl.when(~pl.col("is_entry").shift(-1, fill_value=True)).then(
                pl.col("page").shift(-1)
            ),
        )
        .select("user_id", "us", "page", "next_page", "session")
        .collect(engine="streaming")
        .lazy()
    )
    sessions = (
        steps.group_by("session")
        .agg(
            pl.col("user_id").first(),
            started_us=pl.col("us").min(),
            ended_us=pl.col("us").max(),
            n_steps=pl.len().cast(pl.Int64),
        )
        .collect(engine="streaming")
    )
    ways = (
        steps.filter(pl.col("next_page").is_not_null())
        .group_by("page", "next_page")
        .agg(n=pl.len().cast(pl.Int64))
        .collect(engine="streaming")
    )
    users = (
        sessions.lazy()
        .group_by("user_id")
        .agg(
            n_events=pl.col("n_steps").sum(),
            n_sessions=pl.len(),
            first_us=pl.col("started_us").min(),
            last_us=pl.col("ended_us").max(),
        )
        .collect(engine="streaming")
    )
    return partial(_polars_totals, sessions, ways, users)


def _polars_totals(sessions: pl.DataFrame, ways: pl.DataFrame, users: pl.DataFrame) -> Totals:
    return {
        "n_events": int(users["n_events"].sum()),
        "n_users": len(users),
        "users_squared": int((users["n_events"] ** 2).sum()),
        "n_sessions": int(users["n_sessions"].sum()),
        "sessions_squared": int((sessions["n_steps"] ** 2).sum()),
        "durations": int((sessions["ended_us"] - sessions["started_us"]).sum()),
        "n_ways": len(ways),
        "ways_squared": int((ways["n"] ** 2).sum()),
    }
