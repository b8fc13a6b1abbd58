"""What was published works in a browser: unlisted reports, and the ways into a bucket's release."""

import json
import re
from collections.abc import Callable

import samples
from served import Site, Watch

from journey_dagster.publishing import forward
from journey_dagster.site import write_report

NAME = "0123456789abcdef0123456789abcdef"


def unlisted() -> samples.Json:
    report = samples.t3()
    report["user"] |= {"slug": NAME, "display_name": "Synthetic Unlisted One"}
    return report


def test_an_unlisted_report_opens_by_its_name(own_site: Site, visit: Callable[..., Watch]):
    own_site.write("users.json", samples.users())
    own_site.write(f"{NAME}.json", unlisted())
    watch = visit(own_site.report(NAME))
    assert watch.page.inner_text("h1") == "Synthetic Unlisted One"
    assert watch.is_clean()
    visited = visit(f"{own_site.address}index.html")
    assert NAME not in visited.page.content()


def test_a_name_that_leads_nowhere_is_an_unknown_user(own_site: Site, visit: Callable[..., Watch]):
    own_site.write("users.json", samples.registry())
    watch = visit(own_site.report(NAME))
    assert "No report for" in watch.page.inner_text("h1")


def test_other_names_are_not_even_asked_for(own_site: Site, visit: Callable[..., Watch]):
    own_site.write("users.json", samples.users())
    own_site.write("somebody.json", unlisted())
    watch = visit(own_site.report("somebody"))
    assert "No report for" in watch.page.inner_text("h1")
    assert watch.is_clean()


def bucket(own_site: Site) -> None:
    """The same as it lies in a bucket: a release, and pages at addresses that stay."""
    own_site.write("users.json", samples.users())
    own_site.write(f"{NAME}.json", unlisted())
    folder = own_site.folder
    release = folder / "releases" / "00ff00ff00ff00ff"
    top = [path for path in folder.iterdir() if path.name != "releases"]
    release.mkdir(parents=True)
    for path in top:
        path.rename(release / path.name)
    for path, content in forward.pages(["index.html", "report.html", "404.html"]).items():
        (folder / path).write_bytes(content)
    (folder / "current.json").write_text(json.dumps({"release": "releases/00ff00ff00ff00ff"}))


def test_an_address_that_stays_leads_to_the_current_release(
    own_site: Site, visit: Callable[..., Watch]
):
    bucket(own_site)
    watch = visit(own_site.report(NAME))
    watch.page.wait_for_url(re.compile(rf"/releases/00ff00ff00ff00ff/report.html\?user={NAME}$"))
    watch.page.wait_for_selector("h1:text('Synthetic Unlisted One')")
    assert not watch.errors


def test_a_page_of_its_own_is_found_in_the_current_release(
    own_site: Site, visit: Callable[..., Watch]
):
    write_report(own_site.folder, unlisted())
    bucket(own_site)
    # What a bucket answers for a page that is not there is its 404.html.
    page = own_site.folder / "u" / NAME / "index.html"
    page.parent.mkdir(parents=True)
    page.write_bytes((own_site.folder / "404.html").read_bytes())
    watch = visit(
        f"{own_site.person(NAME)}#about", permissions=["clipboard-read", "clipboard-write"]
    )
    watch.page.wait_for_url(f"**/releases/00ff00ff00ff00ff/u/{NAME}/#about")
    watch.page.get_by_role("button", name="Copy link").click()
    watch.page.get_by_text("Copied.").wait_for()
    copied = watch.page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{own_site.person(NAME)}#about"
    assert watch.is_clean()


def test_an_address_in_a_release_that_is_gone_leads_to_the_current_one(
    own_site: Site, visit: Callable[..., Watch]
):
    bucket(own_site)
    old = own_site.folder / "releases" / "aaaaaaaaaaaaaaaa"
    old.mkdir()
    # What a bucket answers for a page that is not there is its 404.html.
    (old / "report.html").write_bytes((own_site.folder / "404.html").read_bytes())
    watch = visit(f"{own_site.address}releases/aaaaaaaaaaaaaaaa/report.html?user={NAME}")
    watch.page.wait_for_selector("h1:text('Synthetic Unlisted One')")
    assert not watch.errors


def test_a_page_that_the_current_release_lacks_is_told_once(
    own_site: Site, visit: Callable[..., Watch]
):
    bucket(own_site)
    lost = own_site.folder / "releases" / "00ff00ff00ff00ff" / "lost.html"
    lost.write_bytes((own_site.folder / "404.html").read_bytes())
    watch = visit(f"{own_site.address}releases/00ff00ff00ff00ff/lost.html")
    watch.page.wait_for_selector("p:text('There is no such page.')")
