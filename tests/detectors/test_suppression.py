"""Duplicates on photos with thousands of boxes: as the plain definition has it, in bounded time."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geobike.detectors import suppression
from tests.support.bounded import processor_seconds

COLUMNS = ["xmin", "ymin", "xmax", "ymax"]


def candidates(box: np.ndarray, score: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame(box, columns=COLUMNS)
    return frame.assign(score=score, photo=0, label=0)


def plain(box: np.ndarray, score: np.ndarray, limit: float) -> list[bool]:
    """Return what the definition says, box by box."""
    repeat = [False] * len(box)
    order = sorted(range(len(box)), key=lambda i: -score[i])
    for place, i in enumerate(order):
        for j in order[place + 1 :]:
            if not repeat[i]:
                one, other = box[[i]], box[[j]]
                repeat[j] |= bool(suppression.intersection_over_union(other, one)[0] > limit)
    return repeat


def ours(box: np.ndarray, score: np.ndarray, limit: float) -> list[bool]:
    return suppression.non_max_suppression(candidates(box, score), limit).tolist()


corner = st.tuples(*[st.integers(0, 8)] * 2)
sizes = st.tuples(*[st.integers(0, 6)] * 2)


@settings(max_examples=150, deadline=None)
@given(
    boxes=st.lists(st.tuples(corner, sizes, st.integers(1, 4)), min_size=1, max_size=30),
    limit=st.sampled_from([0.01, 0.2, 1 / 3, 0.5, 0.6, 0.9, 1.0]),
    scale=st.sampled_from([1.0, 0.1, 1e-3, 1e7]),
)
def test_the_index_gives_what_the_definition_says(boxes: list, limit: float, scale: float) -> None:
    low = np.array([each[0] for each in boxes], float) * scale
    box = np.hstack([low, low + np.array([each[1] for each in boxes], float) * scale])
    score = np.array([each[2] for each in boxes]) / 4
    expected = plain(box, score, limit)
    assert ours(box, score, limit) == expected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suppression, "_ROUNDS", 0)
        patch.setattr(suppression, "_TOGETHER", 4)
        assert ours(box, score, limit) == expected


@pytest.mark.parametrize("limit", [0.1, 0.5, 0.8])
def test_rounds_and_index_together_give_it_too(limit: float) -> None:
    rng = np.random.default_rng(5)
    low = rng.uniform(0, 300, (400, 2))
    box = np.hstack([low, low + rng.uniform(5, 60, (400, 2))])
    score = rng.integers(1, 50, 400) / 50
    assert ours(box, score, limit) == plain(box, score, limit)


def side_by_side(number: int) -> np.ndarray:
    x = np.arange(number, dtype=float) % 250 * 16
    y = np.arange(number, dtype=float) // 250 * 16
    return np.column_stack([x, y, x + 10, y + 10])


def spread(number: int, kind: str) -> np.ndarray:
    box = side_by_side(number)
    if kind == "piles of sixty":
        return np.repeat(box[: number // 60], 60, axis=0)
    if kind == "one pile":
        return np.repeat(box[:1], number, axis=0)
    if kind == "crosses":
        place = np.arange(number // 2, dtype=float)
        wide = np.column_stack([0 * place, place, 0 * place + number, place + 0.9])
        return np.vstack([wide, wide[:, [1, 0, 3, 2]]])
    return box


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        ("side by side", 60_000),
        ("piles of sixty", 1_000),
        ("one pile", 1),
        ("crosses", 60_000),
    ],
)
def test_sixty_thousand_boxes_on_one_photo_take_seconds(kind: str, kept: int) -> None:
    box = spread(60_000, kind)
    score = np.random.default_rng(1).uniform(0.5, 1, len(box))
    with processor_seconds(20):
        repeat = suppression.non_max_suppression(candidates(box, score), 0.5)
    assert (~repeat).sum() == kept


@pytest.mark.parametrize("number", [0, 1, 63, 64, 65])
def test_as_many_boxes_as_there_are_rounds_are_all_kept(number: int) -> None:
    assert ours(side_by_side(number), np.full(number, 0.9), 0.5) == [False] * number
