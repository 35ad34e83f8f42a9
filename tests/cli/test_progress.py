"""How far a long run is, as whoever waits for it reads it."""

from itertools import count

import pytest

from geobike.cli import progress


def said(
    capsys: pytest.CaptureFixture[str], seconds: float, done: int, total: int | None
) -> list[str]:
    """What a log holds after `done` items that took so many seconds each."""
    with pytest.MonkeyPatch.context() as patched:
        clock = count(1000.0, seconds)
        patched.setattr(progress.time, "monotonic", lambda: next(clock))
        assert list(progress.lines(range(done), "Detecting", total=total)) == list(range(done))
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


def test_a_log_says_each_minute_how_far_a_run_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, 0.5, 240, 1_000_000) == [
        "geobike: Detecting: 120 of 1,000,000, 2/s, 138.9 h left",
        "geobike: Detecting: 240 of 1,000,000, 2/s, 138.9 h left",
    ]
    assert said(capsys, 0.0625, 960, 9600) == ["geobike: Detecting: 960 of 9,600, 16/s, 9 min left"]


def test_where_nobody_knows_how_many_there_are_it_says_how_many_there_were(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert said(capsys, 0.5, 120, None) == ["geobike: Detecting: 120, 2/s"]


def test_a_short_run_adds_nothing_to_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, 0.5, 119, 119) == []


def test_a_slow_photo_is_reported_when_it_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, 120, 1, 3) == ["geobike: Detecting: 1 of 3, 0.0083/s, 4 min left"]
