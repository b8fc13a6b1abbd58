"""The palette keeps its contrasts, in both themes and on paper."""

import re

import pytest
from served import STATIC

GROUNDS = ("ground", "card", "sunk")
DARK_START = '\n:root[data-theme="dark"] {'


def tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


def themes() -> dict[str, dict[str, str]]:
    css = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    light, rest = css.split("@media (prefers-color-scheme: dark)")
    system_dark, chosen_dark = rest.split(DARK_START)
    return {"light": tokens(light), "system": tokens(system_dark), "dark": tokens(chosen_dark)}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_marks_can_be_seen(theme: str) -> None:
    colours = themes()[theme]
    for ground in GROUNDS:
        for text in ("ink", "soft", "link"):
            assert contrast(colours[text], colours[ground]) >= 7, (text, ground)
        for mark in ("focus", "edge", "accent"):
            assert contrast(colours[mark], colours[ground]) >= 3, (mark, ground)
    for hue in ("streak", *(f"hue-{i}" for i in range(6)), "hue-rest"):
        assert contrast(colours[hue], colours["card"]) >= 3, hue
    assert contrast(colours["amber-ink"], colours["amber-ground"]) >= 7


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_five_shades_are_one_scale(theme: str) -> None:
    colours = themes()[theme]
    steps = [contrast(colours[f"shade-{i}"], colours["card"]) for i in range(1, 6)]
    assert steps == sorted(steps)
    assert all(b / a >= 1.3 for a, b in zip([1, *steps], steps, strict=False))


def test_dark_is_the_same_whether_chosen_or_followed() -> None:
    found = themes()
    assert found["system"] == found["dark"]
    assert found["dark"]["ground"] == "#111418"
