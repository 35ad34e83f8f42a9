"""The public surface: complete, documented, and cheap until it is used."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import geobike


def typed_names() -> set[str]:
    """Return the names that a type checker sees."""
    tree = ast.parse(Path(geobike.__file__).read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    aliases = [
        alias for node in imports if node.module.startswith("geobike.") for alias in node.names
    ]
    return {alias.asname or alias.name for alias in aliases}


def test_the_public_list_is_complete_for_people_and_type_checkers() -> None:
    names = set(geobike.__all__)
    assert names == typed_names() == set(geobike._HOME) | {"__version__"}
    assert set(dir(geobike)) == set(geobike.__all__)


def test_every_public_thing_is_there_and_documented() -> None:
    for name in geobike.__all__:
        thing = getattr(geobike, name)
        if name != "__version__":
            assert inspect.getdoc(thing), name


def test_a_wrong_name_is_an_attribute_error() -> None:
    assert not hasattr(geobike, "no_such_thing")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, contextlib\n"
        "from geobike.cli import app\n"
        "with contextlib.suppress(SystemExit): app(['map', '--help'])\n"
        "heavy = {'pandas', 'geopandas', 'numpy', 'PIL', 'folium', 'onnxruntime', 'requests'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.splitlines()[-1] == "[]"
