"""What a run reports reaches whoever collects it, from every thread and once."""

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from geobike.errors import GeobikeWarning
from geobike.reporting import collect_warnings, report


def test_two_threads_that_collect_at_the_same_time_each_get_their_own() -> None:
    second_in, first_out = threading.Event(), threading.Event()
    found: list[str] = []

    def other() -> None:
        with collect_warnings() as notes:
            report("two")
            second_in.set()
            assert first_out.wait(60)
            report("three")
        found.extend(notes)

    thread = threading.Thread(target=other)
    with collect_warnings() as notes:
        thread.start()
        assert second_in.wait(60)
        report("one")
    first_out.set()
    thread.join()
    assert (notes, found) == (["one"], ["two", "three"])


def test_what_the_threads_of_a_pool_report_is_collected_without_loss() -> None:
    with collect_warnings() as notes, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: report(f"photo {number}"), range(200)))
    assert sorted(notes) == sorted(f"photo {number}" for number in range(200))


def test_warnings_of_others_go_their_way_and_ours_do_again_afterwards() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with collect_warnings() as notes:
            report("geobike's own")
            warnings.warn("another's", stacklevel=1)
        report("later")
    assert notes == ["geobike's own"]
    assert [str(one.message) for one in caught] == ["another's", "later"]


def failing() -> None:
    with collect_warnings():
        report("before")
        raise ValueError("x")


def test_reports_before_an_error_are_not_lost_and_not_given_to_the_next() -> None:
    with collect_warnings() as outer, pytest.raises(ValueError, match="x"):
        failing()
    assert outer == ["before"]
    with collect_warnings() as notes:
        pass
    assert notes == []
    with pytest.warns(GeobikeWarning, match="outside"):
        report("outside")
