"""Classes of values for QGIS are those of the page, by the page's own script."""

import json
import shutil
import subprocess
from collections.abc import Sequence

import numpy as np
import pytest

from geobike.exports.classes import Class, classify
from geobike.maps import assets
from tests.maps.test_classes import CASES

RANDOM = np.random.default_rng(16)
DRAWN = {
    "many": RANDOM.gamma(0.5, 4, 500).tolist(),
    "many ties": RANDOM.poisson(0.7, 200).astype(float).tolist(),
    "two": [0.005, 0.015],
    "halves": [0.125, 0.375, 2.345, 2.335, 1.005],
    "one": [4.97],
    "zeros": [0.0, 0.0],
    "large": [1e6, 123456.785, 3.0],
}


def of_the_page(values: Sequence[float], digits: int) -> list[Class]:
    """Run the page's own classes.js."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node (Debian: apt install nodejs)")
    script = f"const geobike = {{}};{assets.page('classes.js')}"
    call = f"geobike.classify({json.dumps(list(values))}, {digits})"
    program = f"{script};console.log(JSON.stringify({call}))"
    done = subprocess.run([node, "-e", program], capture_output=True, text=True, check=True)
    return [Class(**one) for one in json.loads(done.stdout)]


@pytest.mark.parametrize("digits", [0, 2])
@pytest.mark.parametrize("case", [*CASES, *DRAWN])
def test_classes_and_colours_are_those_of_the_page(case: str, digits: int) -> None:
    values = DRAWN[case] if case in DRAWN else CASES[case][0]
    assert classify(values, digits) == of_the_page(values, digits)
