"""The manifest: one small file that makes a version of a store visible.

A store is a folder of immutable files. Version n exists when ``manifest-<n>.json`` exists, and is
exactly the files that this manifest names, with their sizes and checksums; whatever else lies
in the folder is not part of it. So a build that dies half-way is invisible, and a reader of
version n never sees version n + 1.

The file is ``{"body": ..., "checksum": sha256 of the canonical body}``. That frame, and the key
``format_version`` in the body, are the same in every format, so that a reader can tell a damaged
manifest from one that is merely newer than itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphray.book import PartitionBook
from graphray.errors import StoreCorrupt, StoreTooNew
from graphray.schema import GraphSchema

FORMAT_VERSION = 1

_FILE_NAME = re.compile(r"manifest-(\d{8,})\.json")
_SHARD_FILE = re.compile(r"data/[^/]+/part-(\d{5,})/(.+)\.arrow")


@dataclass(frozen=True)
class StoredFile:
    """One file of a version: its path below the store, its size, and its SHA-256 in hex."""

    path: str
    size_bytes: int
    sha256: str

    @property
    def part(self) -> int:
        """The partition whose shard the file belongs to."""
        return int(self._match.group(1))

    @property
    def table(self) -> str:
        """The table that the file holds (see `graphray.shard`)."""
        return self._match.group(2)

    @property
    def _match(self) -> re.Match[str]:
        found = _SHARD_FILE.fullmatch(self.path)
        if found is None:
            raise StoreCorrupt(f"the manifest names a file {self.path!r}, which is no shard's file")
        return found


@dataclass(frozen=True)
class Manifest:
    """What one version of a store is.

    Attributes:
        version: its number, from 1.
        schema: node types and relations.
        book: which partition owns what.
        build: the kind of graph, and how it came about: partitioner, parts, edge cut, time.
        files: every file of the version.
        format_version: the layout in which the files are written.

    Example:
        >>> empty = Manifest(1, GraphSchema((), ()), PartitionBook(1, {}, {}))
        >>> Manifest.from_bytes(empty.to_bytes(), "manifest-00000001.json") == empty
        True
    """

    version: int
    schema: GraphSchema
    book: PartitionBook
    build: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[StoredFile, ...] = ()
    format_version: int = FORMAT_VERSION

    @property
    def snapshot_id(self) -> str:
        """A hash of the graph's content: equal for equal graphs, wherever and whenever built."""
        content = {
            "schema": self.schema.to_json(),
            "book": self.book.to_json(),
            "files": sorted([f.part, f.table, f.sha256] for f in self.files),
        }
        return _checksum(content)[:32]

    def to_bytes(self) -> bytes:
        """The content of the manifest file."""
        body = {
            "format_version": self.format_version,
            "version": self.version,
            "schema": self.schema.to_json(),
            "book": self.book.to_json(),
            "build": dict(self.build),
            "files": [[f.path, f.size_bytes, f.sha256] for f in self.files],
        }
        return json.dumps({"checksum": _checksum(body), "body": body}, indent=1).encode()

    @classmethod
    def from_bytes(cls, content: bytes, path: str) -> Manifest:
        """Read a manifest file.

        Args:
            content: its bytes.
            path: its name, for messages.

        Raises:
            StoreCorrupt: where the content is not what a writer wrote.
            StoreTooNew: where a later GraphRay wrote it.
        """
        body = _checked_body(content, path)
        try:
            return cls(
                version=body["version"],
                schema=GraphSchema.from_json(body["schema"]),
                book=PartitionBook.from_json(body["book"]),
                build=body["build"],
                files=tuple(StoredFile(*entry) for entry in body["files"]),
                format_version=body["format_version"],
            )
        except (KeyError, TypeError, IndexError) as error:
            raise StoreCorrupt(
                f"{path} lacks what a manifest has ({error!r}); restore it or build again",
                path=path,
            ) from error


def manifest_name(version: int) -> str:
    """The file name of a version's manifest.

    >>> manifest_name(1)
    'manifest-00000001.json'
    """
    return f"manifest-{version:08d}.json"


def manifest_version(file_name: str) -> int | None:
    """The version whose manifest has that name, or None where it is another file.

    >>> manifest_version("manifest-00000012.json"), manifest_version("notes.txt")
    (12, None)
    """
    found = _FILE_NAME.fullmatch(file_name)
    return int(found.group(1)) if found else None


def shard_path(build_id: str, part: int, table: str) -> str:
    """Where a build puts a table of a shard, below the store.

    >>> shard_path("ab12", 3, "nodes/author")
    'data/ab12/part-00003/nodes/author.arrow'
    """
    return f"data/{build_id}/part-{part:05d}/{table}.arrow"


def _checked_body(content: bytes, path: str) -> dict[str, Any]:
    try:
        frame = json.loads(content)
        checksum, body = frame["checksum"], frame["body"]
        format_version = body["format_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreCorrupt(
            f"{path} is no manifest ({error!r}); restore it or build again", path=path
        ) from error
    if checksum != _checksum(body):
        raise StoreCorrupt(
            f"{path} was changed after it was written: its checksum does not hold; "
            "restore it or build again",
            path=path,
        )
    if format_version > FORMAT_VERSION:
        raise StoreTooNew(
            f"{path} is in store format {format_version}; this GraphRay reads up to "
            f"{FORMAT_VERSION}: upgrade it with pip install -U graphray",
            path=path,
            format_version=format_version,
        )
    return body


def _checksum(body: Any) -> str:
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
