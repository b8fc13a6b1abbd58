"""A bucket on moto's server: content first, the pointer last, one publisher at a time."""

from collections.abc import Callable, Iterator
from threading import Event, Lock

import botocore.session
import pytest
import sites
from moto.server import ThreadedMotoServer

from journey_dagster.publishing import s3
from journey_dagster.publishing.errors import OvertakenError, PublishError, TargetError
from journey_dagster.publishing.s3 import Bucket

REGION = "us-east-1"


@pytest.fixture(scope="module")
def clients() -> Iterator[tuple]:
    """A client that looks, and the one that publishes; settings as AWS's own tools take them."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_S3", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "synthetic")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "synthetic")
        patch.setenv("AWS_CONFIG_FILE", "/dev/null")
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        looking = botocore.session.get_session().create_client("s3", region_name=REGION)
        publishing = s3.make_client(REGION)
        yield looking, publishing
    looking.close()
    publishing.close()
    server.stop()


@pytest.fixture
def client(clients, monkeypatch: pytest.MonkeyPatch):
    """A client of the bucket `journeys`, which is empty."""
    made, publishing = clients
    monkeypatch.setattr(s3, "make_client", lambda _region: publishing)  # making one takes a second
    made.create_bucket(Bucket="journeys")
    yield made
    for key in keys(made):
        made.delete_object(Bucket="journeys", Key=key)
    made.delete_bucket(Bucket="journeys")


def keys(client) -> list[str]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket="journeys")
    return [found["Key"] for page in pages for found in page.get("Contents", ())]


def content(client, key: str) -> bytes:
    return client.get_object(Bucket="journeys", Key=key)["Body"].read()


def read(client, prefix: str = "") -> dict[str, bytes]:
    """What a reader finds who starts at the pointer."""
    if f"{prefix}current.json" not in keys(client):
        return {}
    pointer = s3.msgspec.json.decode(content(client, f"{prefix}current.json"))
    start = f"{prefix}{pointer['release']}/"
    return {
        key.removeprefix(start): content(client, key)
        for key in keys(client)
        if key.startswith(start)
    }


def releases_of(client) -> str:
    """The one release there is."""
    (release,) = releases(client)
    return f"releases/{release}"


def releases(client) -> set[str]:
    return {key.split("/")[1] for key in keys(client) if key.startswith("releases/")}


@pytest.fixture
def before_each(clients) -> Iterator[Callable[[Callable[[str, str], None]], None]]:
    """before_each(told): `told` hears the kind and the path of every change before it is made."""
    events = clients[1].meta.events
    listening: list[tuple] = []

    def watch(told: Callable[[str, str], None]) -> None:
        for kind in ("Put", "Copy", "Delete"):
            listening.append(
                (
                    f"before-call.s3.{kind}Object",
                    lambda params, kind=kind, **_: told(
                        kind, params["url"].partition("/journeys/")[2]
                    ),
                )
            )
            events.register(*listening[-1])

    yield watch
    for each in listening:
        events.unregister(*each)


def test_the_pointer_leads_to_the_whole_site(client):
    tree = sites.small("one")
    assert Bucket("journeys", "", REGION).publish(tree)
    assert read(client) == tree.files
    assert {key for key in keys(client) if "/" not in key} == {"current.json", "index.html"}
    assert b"current.json" in content(client, "index.html")


def test_the_same_again_writes_nothing(client, before_each):
    Bucket("journeys", "", REGION).publish(sites.small("one"))
    changes: list[str] = []
    before_each(lambda _, path: changes.append(path))
    assert not Bucket("journeys", "", REGION).publish(sites.small("one"))
    assert changes == []
    assert read(client) == sites.small("one").files


def test_content_comes_first_and_the_pointer_last(client, before_each):
    changes: list[str] = []
    before_each(lambda _, path: changes.append(path))
    Bucket("journeys", "site", REGION).publish(sites.small("one"))
    assert changes[-2:] == ["site/index.html", "site/current.json"]
    assert all(path.startswith("site/releases/") for path in changes[:-2])
    assert read(client, "site/") == sites.small("one").files


def test_what_did_not_change_is_not_sent_again(client, before_each):
    Bucket("journeys", "", REGION).publish(sites.small("one", "here", "gone"))
    sent: dict[str, set[str]] = {"Put": set(), "Copy": set(), "Delete": set()}
    before_each(lambda kind, path: sent[kind].add(path.split("/", 2)[-1]))
    new = sites.small("one", "here", "come")
    Bucket("journeys", "", REGION).publish(new)
    assert sent["Put"] == {"data/come.json", "data/manifest.json", "current.json"}
    assert sent["Copy"] == new.files.keys() - sent["Put"]
    assert read(client) == new.files
    served = client.head_object(Bucket="journeys", Key=f"{releases_of(client)}/js/load.js")
    assert served["ContentType"] == "text/javascript; charset=utf-8"
    assert "immutable" in served["CacheControl"]


def test_what_was_damaged_there_is_sent_again(client):
    Bucket("journeys", "", REGION).publish(sites.small("one"))
    client.put_object(Bucket="journeys", Key=f"{releases_of(client)}/js/load.js", Body=b"damage")
    new = sites.small("one", "come")
    Bucket("journeys", "", REGION).publish(new)
    assert read(client) == new.files


def test_many_files_are_under_way_at_once(client, before_each):
    under_way, lock, enough = [0], Lock(), Event()

    def wait_for_others(_kind: str, path: str) -> None:
        if path.startswith("releases/"):
            with lock:
                under_way[0] += 1
                if under_way[0] == 4:
                    enough.set()
            assert enough.wait(20), "one file waits for the other"

    before_each(wait_for_others)
    Bucket("journeys", "", REGION).publish(sites.small("one"))
    assert read(client) == sites.small("one").files


def test_types_and_what_caches_may_keep(client):
    Bucket("journeys", "", REGION).publish(sites.small("one"))
    told = {
        key.split("/", 2)[-1]: client.head_object(Bucket="journeys", Key=key)
        for key in keys(client)
    }
    assert told["js/load.js"]["ContentType"] == "text/javascript; charset=utf-8"
    assert "immutable" in told["js/load.js"]["CacheControl"]
    assert told["index.html"]["ContentType"] == "text/html; charset=utf-8"
    for path in ("index.html", "current.json", "data/users.json"):
        assert told[path]["CacheControl"] == "no-cache", path


def test_old_releases_go_and_files_of_others_stay(client):
    for key in ("letter.txt", "releases/theirs.txt", "data/theirs.json"):
        client.put_object(Bucket="journeys", Key=key, Body=b"theirs")
    Bucket("journeys", "", REGION).publish(sites.small("one", "gone"))
    Bucket("journeys", "", REGION).publish(sites.small("two"))
    assert read(client) == sites.small("two").files
    assert len(releases(client)) == 2  # the current one, and theirs
    assert {"letter.txt", "releases/theirs.txt", "data/theirs.json"} <= set(keys(client))


def test_a_page_of_somebody_else_is_not_overwritten(client):
    client.put_object(Bucket="journeys", Key="index.html", Body=b"theirs")
    with pytest.raises(PublishError, match="not ours"):
        Bucket("journeys", "", REGION).publish(sites.small("one"))
    assert content(client, "index.html") == b"theirs"
    assert keys(client) == ["index.html"]


@pytest.mark.parametrize("standing", [True, False], ids=["over a site", "first"])
def test_whoever_was_overtaken_is_told_and_mixes_nothing(client, before_each, standing: bool):
    if standing:
        Bucket("journeys", "", REGION).publish(sites.small("one"))
    done: list[bool] = []

    def overtake(_kind: str, path: str) -> None:
        if path == "current.json" and not done:
            done.append(True)
            Bucket("journeys", "", REGION).publish(sites.small("theirs"))

    before_each(overtake)
    with pytest.raises(OvertakenError):
        Bucket("journeys", "", REGION).publish(sites.small("ours"))
    assert read(client) == sites.small("theirs").files
    assert Bucket("journeys", "", REGION).publish(sites.small("ours"))
    assert read(client) == sites.small("ours").files
    assert len(releases(client)) == 1


def test_where_another_publisher_swept_what_is_copied_it_is_told(client, before_each):
    Bucket("journeys", "", REGION).publish(sites.small("one", "here"))
    pointer, old = content(client, "current.json"), releases_of(client)
    first, swept = Lock(), Event()

    def sweep(kind: str, _path: str) -> None:
        if kind == "Copy":
            if first.acquire(blocking=False):
                for key in keys(client):
                    if key.startswith(old):
                        client.delete_object(Bucket="journeys", Key=key)
                swept.set()
            assert swept.wait(20)

    before_each(sweep)
    with pytest.raises(OvertakenError):
        Bucket("journeys", "", REGION).publish(sites.small("one", "here", "come"))
    assert content(client, "current.json") == pointer


@pytest.mark.parametrize("standing", [True, False], ids=["over a site", "first"])
def test_killed_at_any_write_the_old_site_or_the_new_one_stands(
    client, before_each, standing: bool
):
    old, new = sites.small("one", "gone"), sites.small("two", "come")
    left, lock = [0], Lock()

    def count(_kind: str, _path: str) -> None:
        with lock:
            if left[0] == 0:
                raise sites.Killed
            left[0] -= 1

    before_each(count)
    for n in range(60):
        left[0] = 1000
        for key in keys(client):
            client.delete_object(Bucket="journeys", Key=key)
        if standing:
            Bucket("journeys", "", REGION).publish(old)
        left[0] = n
        try:
            Bucket("journeys", "", REGION).publish(new)
        except sites.Killed:
            assert sites.is_one_of(read(client), old if standing else None, new), n
            left[0] = 1000
            Bucket("journeys", "", REGION).publish(new)
            assert read(client) == new.files, n
            assert len(releases(client)) == 1, n
        else:
            break
    assert n > 7
    assert read(client) == new.files


def test_a_bucket_that_is_not_there_is_told(client):
    del client
    with pytest.raises(TargetError, match="NoSuchBucket"):
        Bucket("nobodys", "", REGION).publish(sites.small("one"))
