"""What was not counted: the ledger, on paper."""

from tests.support.reported import Read


def test_the_ledger_closes_on_the_page(plain: Read) -> None:
    assert "Of 181 photos given, 176 were counted." in plain.text
    assert (
        "1 was taken outside the areas, 2 have no position, 1 is a duplicate and 1 cannot be read."
    ) in plain.text
