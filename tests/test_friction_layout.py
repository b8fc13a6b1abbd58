"""Coordinates: in the square, apart, in proportion, and the same whatever the input's order."""

from collections import defaultdict
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey_dagster.friction_page.layout import GAP, PER_LAYER, Move, Way, layered, step_diagram

PAGES = [f"/{letter}" for letter in "abcdefghijklmnopqrst"]
LAST = ["(other)", "(more)", "(exit)"]
first_steps = st.dictionaries(st.sampled_from(PAGES), st.floats(0, 20), max_size=20)
ways = st.lists(
    st.builds(Way, st.sampled_from(PAGES), st.sampled_from(PAGES), st.integers(1, 99)),
    max_size=60,
    unique_by=lambda way: way[:2],
)


@st.composite
def flows(draw: st.DrawFn) -> list[Move]:
    """Sessions that walk, counted by step: what arrives at a step leaves from it."""
    paths = draw(
        st.lists(
            st.lists(st.sampled_from([*PAGES[:5], "(other)"]), min_size=1, max_size=5),
            min_size=1,
            max_size=30,
        )
    )
    counts: dict[tuple[int, str, str], int] = defaultdict(int)
    for path in paths:
        stops = [*path, *["(exit)"] * (6 - len(path))]
        for step in range(5):
            counts[step + 1, stops[step], stops[step + 1]] += 1
    return [Move(*key, n) for key, n in counts.items()]


@given(first_steps, ways)
def test_every_page_has_a_place_of_its_own(steps: dict[str, float], between: list[Way]):
    places = layered(steps, between)
    assert places.keys() == steps.keys()
    assert len(set(places.values())) == len(places)
    assert all(0 < x < 1 and 0 < y < 1 for x, y in places.values())
    columns = defaultdict(int)
    for x, _ in places.values():
        columns[x] += 1
    assert max(columns.values(), default=0) <= PER_LAYER


@given(first_steps, ways)
def test_pages_stand_from_left_to_right_by_when_they_are_reached(
    steps: dict[str, float], between: list[Way]
):
    places = layered(steps, between)
    for one, other in zip(
        sorted(steps, key=steps.get), sorted(steps, key=steps.get)[1:], strict=False
    ):
        if steps[one] < steps[other]:
            assert places[one][0] <= places[other][0]


@given(first_steps, ways, st.randoms(use_true_random=False))
def test_the_order_of_the_input_moves_no_page(
    steps: dict[str, float], between: list[Way], draw: st.DrawFn
):
    shuffled, pages = list(between), list(steps)
    draw.shuffle(shuffled)
    draw.shuffle(pages)
    assert layered({page: steps[page] for page in pages}, shuffled) == layered(steps, between)


def test_pages_that_are_joined_stand_side_by_side():
    steps = {"a": 0.0, "b": 0.1, "c": 0.2, "d": 1.0, "e": 1.1, "f": 1.2, "g": 1.3, "h": 1.4}
    joined = [("a", "h"), ("b", "e"), ("c", "f")]
    places = layered(steps, [Way(one, other, 10) for one, other in joined])
    left = sorted((places[one][1], places[other][1]) for one, other in joined)
    assert [y for _, y in left] == sorted(y for _, y in left)


@given(flows(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_boxes_are_in_proportion_and_hold_what_they_pass_on(moves: list[Move], draw: st.DrawFn):
    boxes, bands = step_diagram(moves, LAST)
    shuffled = list(moves)
    draw.shuffle(shuffled)
    assert step_diagram(shuffled, LAST) == (boxes, bands)
    total = sum(move.n for move in moves if move.step == 1)
    scale = (boxes[0].bottom - boxes[0].top) / boxes[0].n
    columns = defaultdict(list)
    for box in boxes:
        columns[box.step].append(box)
        assert box.bottom - box.top == pytest.approx(box.n * scale)
        assert -1e-9 <= box.top < box.bottom <= 1 + 1e-9
    for column in columns.values():
        assert sum(box.n for box in column) == total
        for above, below in pairwise(column):
            assert below.top - above.bottom == pytest.approx(GAP)
    assert len(bands) == len(moves)


@given(flows())
@settings(deadline=None)
def test_bands_fill_their_boxes_without_overlap(moves: list[Move]):
    boxes, bands = step_diagram(moves, LAST)
    places = {(box.step, box.page): box for box in boxes}
    leaving, arriving = defaultdict(list), defaultdict(list)
    for band in bands:
        leaving[band.move.step, band.move.source].append((band.source_top, band.thickness))
        arriving[band.move.step + 1, band.move.target].append((band.target_top, band.thickness))
    for side in (leaving, arriving):
        for key, ends in side.items():
            edge = places[key].top
            for top, thickness in sorted(ends):
                assert top == pytest.approx(edge)
                edge = top + thickness
            assert edge == pytest.approx(places[key].bottom)


def test_there_and_back_again_stands_in_each_column():
    moves = [Move(1, "/a", "/b", 2), Move(2, "/b", "/a", 2), Move(3, "/a", "(exit)", 2)]
    boxes, bands = step_diagram(moves, LAST)
    assert [(box.step, box.page) for box in boxes] == [
        (1, "/a"),
        (2, "/b"),
        (3, "/a"),
        (4, "(exit)"),
    ]
    assert len(bands) == 3


def test_those_who_left_stand_at_the_bottom():
    moves = [Move(1, "/a", "(exit)", 5), Move(1, "/a", "(other)", 4), Move(1, "/a", "/b", 1)]
    boxes, _ = step_diagram(moves, LAST)
    assert [box.page for box in boxes if box.step == 2] == ["/b", "(other)", "(exit)"]


def test_nothing_has_no_coordinates():
    assert layered({}, []) == {}
    assert step_diagram([], LAST) == ([], [])
