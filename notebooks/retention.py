"""Who comes back: cohorts by the week or the month, and the average over them."""

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
def _(mo):
    period = mo.ui.dropdown(["day", "week", "month", "quarter"], value="month", label="period")
    mo.vstack([mo.md("# Who comes back"), period])
    return (period,)


@app.cell
def _(con, period):
    cells = con.execute(
        "select cohort_date, period_no, n_users, n_retained, rate, low, high, is_finished "
        "from retention(period := $period)",
        {"period": period.value},
    ).pl()
    return (cells,)


@app.cell
def _(alt, cells, period):
    import polars as pl

    average = cells.filter(pl.col("cohort_date").is_null())
    base = alt.Chart(average).encode(
        x=alt.X("period_no:Q", title=f"{period.value}s since the first")
    )
    curve = base.mark_area(opacity=0.2).encode(
        y=alt.Y("low:Q", title="share of users, 95 % interval"), y2="high:Q"
    ) + base.mark_line(point=True).encode(y="rate:Q", tooltip=["period_no", "n_users", "rate"])
    curve
    return average, curve, pl


@app.cell
def _(alt, cells, pl):
    cohorts = cells.filter(pl.col("cohort_date").is_not_null() & pl.col("is_finished"))
    heat = (
        alt.Chart(cohorts)
        .mark_rect()
        .encode(
            x=alt.X("period_no:O", title="periods since the first"),
            y=alt.Y("cohort_date:O", title="cohort"),
            color=alt.Color("rate:Q", title="share"),
            tooltip=["cohort_date", "period_no", "n_users", "n_retained", "rate"],
        )
    )
    heat
    return cohorts, heat


@app.cell
def _(mo):
    mo.md("A period that is not over for every user of a cohort is in no average and no cell.")
    return


if __name__ == "__main__":
    app.run()
