"""`geobike doctor` as a user meets it."""

from tests.support.hosted_scenarios import TOKEN
from tests.support.program import geobike


def test_doctor_says_what_is_there_and_never_the_token() -> None:
    done = geobike("doctor", env={"HF_TOKEN": TOKEN})
    assert done.returncode == 0, done.stdout
    assert "Hugging Face token: found" in done.stdout
    assert TOKEN not in done.stdout + done.stderr
    without = geobike("doctor")
    assert "missing  Hugging Face token: none" in without.stdout
    assert "set HF_TOKEN" in without.stdout
