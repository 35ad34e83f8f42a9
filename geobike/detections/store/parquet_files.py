"""The folders of Parquet files of the store in `parquet`: each file appears whole or not at all.

A folder may be a URL (fsspec) such as s3://bucket/detections. pyarrow is imported only where it is
used.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from geobike.errors import InputError, MissingPackageError, StoreError
from geobike.io import files, remote
from geobike.io.redaction import redact

SUFFIX: Final = ".parquet"

_READERS: Final = 16
"""Files fetched at once: a bucket serves many requests as fast as one."""


def arrow() -> Any:
    """Return pyarrow with its `compute` and `parquet`. Raises MissingPackageError."""
    try:
        import pyarrow
        import pyarrow.compute
        import pyarrow.parquet
    except ImportError:
        raise MissingPackageError("A store of Parquet shards", "cluster") from None
    return pyarrow


class Folder:
    """The files of one kind in a folder. `columns` gives Arrow types by name."""

    def __init__(self, folder: str | Path, kind: str, columns: Mapping[str, str]) -> None:
        self._folder, self._columns = folder, columns
        self._texts = [name for name, type_ in columns.items() if type_ == "string"]  # recur
        # In the metadata of every shard, so that another program's Parquet file is rejected.
        self._layout = {b"geobike": f"{kind} 1".encode()}

    def rows(
        self,
        names: Sequence[str],
        *,
        columns: Sequence[str] | None = None,
        texts: Sequence[str] | None = None,
    ) -> Any:
        """Return the rows of files as one table, with a column `shard`: the index of the file.

        `texts` are the columns that must be UTF-8, None for all; of others only bytes are compared.
        """
        with ThreadPoolExecutor(_READERS) as readers:
            try:
                data = list(readers.map(self._fetch, names))
            except OSError as error:
                raise self._unreachable(error) from None
        # One after the other: files are small, and Python itself takes half of the time.
        tables = [self._decode(*one, columns, texts) for one in zip(names, data, strict=True)]
        shard = np.repeat(np.arange(len(tables)), [table.num_rows for table in tables])
        return arrow().concat_tables(tables).append_column("shard", arrow().array(shard))

    def put(self, columns: Iterable[Iterable[Any]], name: str) -> None:
        """Write a file, column by column. Raises StoreError."""
        table = arrow().table([list(column) for column in columns], schema=self._schema)
        try:
            with files.atomic_path(files.join(self._folder, name)) as part:
                arrow().parquet.write_table(
                    table,
                    part,
                    compression="zstd",
                    use_dictionary=self._texts,
                    write_page_checksum=True,
                )
        except InputError as error:
            raise StoreError(f"store {error}") from None

    def names(self) -> list[str]:
        """Return the names of the files, the oldest first."""
        try:
            if isinstance(self._folder, Path):
                folder = self._folder
                found = [one.name for one in folder.iterdir()] if folder.exists() else []
            else:
                found = [one.name for one in remote.walk(self._folder).objects]
        except OSError as error:
            raise self._unreachable(error) from None
        # Unfinished files begin with a dot.
        names = sorted(name for name in found if not name.startswith((".", "_")))
        foreign = [name for name in names if not name.endswith(SUFFIX)]
        if foreign:
            raise self.fault(foreign[0], "is not a shard of geobike")
        return names

    def load(self, name: str) -> Any:
        """Return one table. Raises OSError where there is none, StoreError where it is damaged."""
        return self._decode(name, self._fetch(name))

    def _fetch(self, name: str) -> bytes:
        return files.read_bytes(files.join(self._folder, name))

    def _decode(
        self,
        name: str,
        data: bytes,
        columns: Sequence[str] | None = None,
        texts: Sequence[str] | None = None,
    ) -> Any:
        pa = arrow()
        try:
            file = pa.parquet.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
            schema = file.schema_arrow
            if (
                schema.equals(self._schema)
                and self._layout.items() <= (schema.metadata or {}).items()
            ):
                _check_numbers(file.metadata)
                table = file.read(columns, use_threads=False)
                # Where there was no checksum, text may be none; pyarrow would fail later.
                table.select(self._texts if texts is None else texts).validate(full=True)
                return table
        except Exception:  # noqa: BLE001 - pyarrow's errors share no base
            raise self.fault(name, "is damaged, or not a Parquet file") from None
        raise self.fault(name, "is not a shard of geobike, or of another version's")

    @cached_property
    def _schema(self) -> Any:
        return arrow().schema(self._columns.items(), metadata=self._layout)

    def _unreachable(self, error: OSError) -> StoreError:
        why = error.strerror or error
        return StoreError(f"store {redact(self._folder)}: cannot be read: {why}")

    def fault(self, name: str, what: str) -> StoreError:
        """Return the error of one file."""
        return StoreError(f"store {redact(self._folder)}: {name} {what}; move it to another folder")


def _check_numbers(metadata: Any) -> None:
    """Raise ValueError where a file's numbers of rows differ: no checksum covers its footer.

    A file with too low a number would be read, and its last boxes would be missing silently.
    """
    # Columns are not checked: if their statistics are damaged, pyarrow 26 ends the program.
    groups = sum(metadata.row_group(group).num_rows for group in range(metadata.num_row_groups))
    if metadata.num_rows != groups or not groups:  # no file without any row is ever written
        raise ValueError(f"{metadata.num_rows} rows, and {groups} in groups")
