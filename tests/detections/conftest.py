from pathlib import Path

import pytest


@pytest.fixture
def boxes(tmp_path: Path) -> Path:
    """Where a test may write its table of boxes."""
    return tmp_path / "boxes.csv"
