"""One user: their days, their sessions, one session step by step, and what facts say."""

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
    ids = [
        user_id
        for (user_id,) in con.execute(
            "select user_id from core.users where n_events > 0 order by n_events desc, user_id "
            "limit 1000"
        ).fetchall()
    ]
    user = mo.ui.dropdown(ids, value=ids[0], label="user", searchable=True)
    mo.vstack([mo.md("# One user"), user])
    return (user,)


@app.cell
def _(alt, con, user):
    days = con.execute(
        "select local_date, n_events, n_sessions from marts.user_days "
        "where user_id = $user order by local_date",
        {"user": user.value},
    ).pl()
    calendar = (
        alt.Chart(days)
        .mark_bar()
        .encode(
            x=alt.X("local_date:T", title="day, by the user's clock"),
            y=alt.Y("n_events:Q", title="events"),
            tooltip=["local_date", "n_events", "n_sessions"],
        )
    )
    calendar
    return calendar, days


@app.cell
def _(con, user):
    facts = con.execute(
        "select fact_id, label, value, value_text, unit from marts.user_facts "
        "where user_id = $user order by fact_id",
        {"user": user.value},
    ).pl()
    facts
    return (facts,)


@app.cell
def _(con, mo, user):
    sessions = con.execute(
        "select session_id, started_at, duration_seconds, n_steps, entry_page, exit_page "
        "from core.sessions where user_id = $user order by started_at desc limit 200",
        {"user": user.value},
    ).pl()
    session = mo.ui.dropdown(
        sessions["session_id"].to_list(), value=sessions["session_id"][0], label="session"
    )
    mo.vstack([session, sessions])
    return session, sessions


@app.cell
def _(con, session):
    steps = con.execute("from session_path($session)", {"session": session.value}).pl()
    steps
    return (steps,)


if __name__ == "__main__":
    app.run()
