"""Expected values by hand: degrees + minutes / 60 + seconds / 3600."""

import pandas as pd
import pytest

from geobike.positions.angles import LATITUDE, LONGITUDE, Axis, degrees

DELFT = 52 + 0 / 60 + 41.76 / 3600  # 52.0116


def read(text: str, axis: Axis = LATITUDE, ref: str | None = None) -> tuple[float, str | None]:
    refs = None if ref is None else pd.Series([ref], dtype="str")
    value, fault = degrees(pd.Series([text], dtype="str"), axis, refs)
    return value[0], None if pd.isna(fault[0]) else fault[0]


@pytest.mark.parametrize(
    "text",
    [
        "52.0116",
        "52,0116",
        "+52.0116",
        "52.0116N",
        "N52.0116",
        "52.0116° N",
        "52,0116 north",
        "52.0116°",
        "52 deg 0' 41.76\" N",  # exiftool
        "52°0'41.76\"N",
        "52° 0\u2032 41.76\u2033 N",
        "52\u00ba 0\u2019 41,76\u201d N",
        "N 52° 0' 41.76''",
        "52 0 41.76 N",
        "52:00:41.76 N",
        "52-00-41.76N",
        "52d0m41.76s N",
        "52° 0.696' N",
        "52\u00a00.696\u00a0N",
        "+52 0 41.76",
        "52° 0' 41,76\" N.B.",
        "52° 0' 41.76\" noord",
    ],
)
def test_every_usual_spelling_gives_the_same_latitude(text: str) -> None:
    value, fault = read(text)
    assert fault is None
    assert value == pytest.approx(DELFT, abs=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "33 55 12 S",
        "33:55:12S",
        "-33 55 12",
        "33°55'12\" s",
        "-33.92 S",
        "33.92 Z.B.",
        "\u221233.92",
    ],
)
def test_south_is_negative(text: str) -> None:
    assert read(text) == (pytest.approx(-(33 + 55 / 60 + 12 / 3600)), None)


@pytest.mark.parametrize(("text", "sign"), [("4° 21' 2\" W", -1), ("4 21 2 oost", 1)])
def test_west_is_negative(text: str, sign: int) -> None:
    assert read(text, LONGITUDE) == (pytest.approx(sign * (4 + 21 / 60 + 2 / 3600)), None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("52 deg 0' 41.76\"", "has no hemisphere; add N or S, or a sign"),
        ("52d0m41.76s", "has no hemisphere"),  # s is the unit, not south
        ("52 75 0 N", "its minutes or seconds are not from 0 to 60"),
        ("52 60 0 N", "its minutes are not from 0 to 59"),
        ("52 0 545.7 N", "its minutes or seconds are not from 0 to 60"),
        ("52.5 30 N", "is not an angle"),
        ("-52 N", "contradict"),
        ("N 52 S", "contradict"),
        ("4° 21' E", "has the hemisphere E; are latitude and longitude swapped?"),
        ("52° 0' O", "east in Dutch and west in French"),
        ("52.009.094", "is not a number"),
        ("91° N", "is beyond ±90"),
        ("north", "is not a number"),
        ("1" * 90, "is beyond"),
        ("5 " * 10_000, "is not a number"),
    ],
)
def test_what_cannot_be_a_latitude_says_why_in_a_short_line(text: str, said: str) -> None:
    value, fault = read(text)
    assert pd.isna(value)
    assert fault is not None
    assert said in fault
    assert len(fault) < 200


@pytest.mark.parametrize("text", ["", "-", "  "])
def test_an_empty_cell_is_no_fault(text: str) -> None:
    assert pd.isna(read(text)[0])
    assert read(text)[1] is None


@pytest.mark.parametrize(
    ("text", "ref", "value"),
    [
        ("33.92", "South", -33.92),  # exiftool -n of the bare tag
        ("-33.92", "S", -33.92),  # and of its own sum of both
        ("52 deg 0' 41.76\"", "North", DELFT),
        ("52.0116", "", DELFT),
    ],
)
def test_a_column_of_hemispheres_gives_the_sign(text: str, ref: str, value: float) -> None:
    assert read(text, ref=ref) == (pytest.approx(value), None)


def test_a_sign_against_the_column_of_hemispheres_is_refused() -> None:
    assert "contradict" in str(read("-33.92", ref="N")[1])
