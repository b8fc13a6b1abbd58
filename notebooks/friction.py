"""Where sessions are lost: the places that lose more than the usual, and what changed."""

import marimo

app = marimo.App(width="medium")


@app.cell
def _():
    import altair as alt
    import duckdb
    import marimo as mo

    from journey_dagster.analysts_copy import lasting
    from journey_dagster.settings import Settings

    con = duckdb.connect(lasting(Settings().analytics), read_only=True)
    con.execute("set TimeZone = 'UTC'")
    return alt, con, mo


@app.cell
def _(con, mo):
    ((through, n_sessions),) = con.execute(
        "select data_through, (select count(*) from core.sessions) from core.horizon"
    ).fetchall()
    mo.md(f"# Where sessions are lost\n\n{n_sessions:,} sessions, data through {through:%d %B %Y}.")
    return


@app.cell
def _(mo):
    most = mo.ui.slider(3, 30, value=10, label="places")
    most
    return (most,)


@app.cell
def _(alt, con, most):
    places = con.execute(
        "select page || ' · ' || event as place, exit_rate, exit_rate_low, exit_rate_high, "
        "baseline_exit_rate, n_visits, n_sessions_lost "
        "from marts.friction where friction_rank <= $most order by friction_rank",
        {"most": most.value},
    ).pl()
    order = places["place"].to_list()
    base = alt.Chart(places).encode(y=alt.Y("place:N", sort=order, title=None))
    rates = (
        base.mark_rule().encode(
            x=alt.X("exit_rate_low:Q", title="sessions lost per visit, 95 % interval"),
            x2="exit_rate_high:Q",
        )
        + base.mark_point(filled=True).encode(
            x="exit_rate:Q", tooltip=["place", "n_visits", "n_sessions_lost", "exit_rate"]
        )
        + base.mark_tick(color="black").encode(x="baseline_exit_rate:Q")
    )
    rates
    return places, rates


@app.cell
def _(mo):
    mo.md("The dot is the rate, the line its interval, the black tick what all else loses there.")
    return


@app.cell
def _(con):
    changes = con.execute(
        "select comparison, page, event, rate_against, rate, rate_difference, difference_low, "
        "difference_high, is_significant from marts.friction_comparisons "
        "order by is_significant desc, abs(rate_difference) desc nulls last, page limit 20"
    ).pl()
    changes
    return (changes,)


if __name__ == "__main__":
    app.run()
