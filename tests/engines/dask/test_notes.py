"""What is reported on a worker is gathered, from all its threads, and nothing else is lost."""

import threading
import warnings

import pytest

from geobike.engines.dask.notes import gathered
from geobike.errors import GeobikeWarning
from geobike.reporting import report


def test_reports_of_threads_that_overlap_are_each_handed_back_once() -> None:
    second_in, first_out = threading.Event(), threading.Event()
    found: list[str] = []

    def other() -> None:
        with gathered() as notes:
            report("two")
            second_in.set()
            assert first_out.wait(5)
            report("three")
            report("three")
        found.extend(notes)

    thread = threading.Thread(target=other)
    with gathered() as notes:
        thread.start()
        assert second_in.wait(5)
        report("one")
    first_out.set()
    thread.join()
    assert sorted([*notes, *found]) == ["one", "three", "two"]


def test_warnings_go_their_way_as_before_once_all_is_gathered() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with gathered() as notes:
            report("geobike's own")
            warnings.warn("another's", stacklevel=1)
        report("later")
    assert notes == ["geobike's own"]
    assert [str(one.message) for one in caught] == ["another's", "later"]


def failing() -> None:
    with gathered():
        report("before")
        raise ValueError("x")


def test_reports_before_an_error_are_not_handed_to_the_next() -> None:
    with pytest.raises(ValueError, match="x"):
        failing()
    with gathered() as notes:
        pass
    assert notes == []
    with pytest.warns(GeobikeWarning, match="outside"):
        report("outside")
