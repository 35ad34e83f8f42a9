"""The figures as they are kept: `results/latest.json`, and the table made from it."""

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.measure import Row

FOLDER = Path(__file__).with_name("results")
HEADER = ("what", "ours", "theirs", "ratio", "memory", "against", "note")
PACKAGES = (
    "geobike",
    "numpy",
    "pandas",
    "geopandas",
    "shapely",
    "pyogrio",
    "pyarrow",
    "folium",
    "pillow",
    "exifread",
    "onnxruntime",
    "torch",
    "transformers",
    "dask",
    "distributed",
)


def machine() -> dict[str, str]:
    """Return what a figure depends on, and nothing that names the machine."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{pages / 2**30:.0f} GiB",
        "system": _system(),
        "python": platform.python_version(),
        "packages": ", ".join(f"{name} {version}" for name, version in _versions()),
    }


def keep(part: str, rows: Sequence[Row]) -> None:
    """Replace the rows of this part in the record, and write the table anew."""
    record = FOLDER / "latest.json"
    kept: dict[str, Any] = json.loads(record.read_text("utf-8")) if record.is_file() else {}
    kept[part] = {
        "measured_at": datetime.now(UTC).isoformat(timespec="minutes"),
        "machine": machine(),
        "rows": [asdict(row) for row in rows],
    }
    kept = dict(sorted(kept.items()))
    FOLDER.mkdir(exist_ok=True)
    record.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (FOLDER / "latest.md").write_text(_markdown(kept), "utf-8")


def cells(row: Row) -> list[str]:
    """Return a row as it is shown, under HEADER."""
    return [
        row.what,
        _amount(row.ours, row.unit),
        _amount(row.theirs, row.unit),
        "" if row.ratio is None else f"{row.ratio:.1f} x",
        " against ".join(f"{size:,.0f} MB" for size in (row.memory, row.their_memory) if size),
        row.against,
        row.note,
    ]


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{value:,.3f} {unit}" if value < 10 else f"{value:,.1f} {unit}"


def _markdown(kept: Mapping[str, Any]) -> str:
    """Return the table, part by part, for each machine that it was measured on."""
    machines = list(
        {json.dumps(part["machine"]): part["machine"] for part in kept.values()}.values()
    )
    lines = ["# What `make bench` measured", ""]
    lines += ["Ratio: how many times better ours is. Memory: the most held at one time.", ""]
    for each in machines:
        lines += [f"- {name}: {value}" for name, value in each.items()] + [""]
        lines += _row(["part", *HEADER]) + _row(["---"] * (len(HEADER) + 1))
        for name, part in kept.items():
            if part["machine"] == each:
                for row in part["rows"]:
                    lines += _row([f"{name}, {part['measured_at'][:10]}", *cells(Row(**row))])
        lines.append("")
    return "\n".join(lines)


def _row(texts: Iterable[str]) -> list[str]:
    return ["| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"]


def _versions() -> Iterable[tuple[str, str]]:
    for name in PACKAGES:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            continue


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    if about.is_file():
        for line in about.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _system() -> str:
    kernel = f"{platform.system()} {platform.release()}"
    try:
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, {kernel}"
    except OSError:
        return kernel
