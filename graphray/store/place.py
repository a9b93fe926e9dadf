"""Where a store lies: a folder on any filesystem that ``pyarrow.fs`` reaches.

The one thing that publishing needs beyond reading and writing is *create if absent*: of two writers
that create the same name, exactly one succeeds. A local disk offers it as ``link(2)``, which fails
where the name exists and shows the file complete or not at all; S3 as a conditional put (see
`graphray.store.s3`). On any other filesystem `Place.create` looks first and writes then, and two
writers within the same moment can both believe to have won:

1. A looks: the name is absent.
2. B looks: the name is absent.
3. A writes. 4. B writes over it.

A reader sees one of the two graphs, each complete in itself, because their data files have
different names. Have a single writer per store there.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import pyarrow as pa
from pyarrow import fs

from graphray.errors import ArgumentError, StoreError
from graphray.store import s3

StoreUri: TypeAlias = str | os.PathLike[str] | tuple[fs.FileSystem, str]


class Place:
    """A folder on a filesystem.

    Args:
        uri: a local path, ``file://`` or any other URI that ``pyarrow.fs`` knows (``s3://``,
            ``gs://``, ``hdfs://``), or a pair of a ``pyarrow.fs.FileSystem`` and a path on it.

    Attributes:
        uri: the same, made absolute: opens the same folder from any process.

    Raises:
        ArgumentError: where no filesystem knows the URI.
    """

    def __init__(self, uri: StoreUri) -> None:
        self._filesystem, self._root, self.uri = _resolve(uri)
        self.is_local = isinstance(self._filesystem, fs.LocalFileSystem)
        self._is_s3 = isinstance(self.uri, str) and self.uri.startswith(f"{s3.SCHEME}://")

    def __str__(self) -> str:
        # Not the URI, which may hold keys: this goes into messages.
        return self._root if self.is_local else f"{self._filesystem.type_name}://{self._root}"

    def path(self, name: str) -> str:
        """The path of a file below this place, on its filesystem."""
        return f"{self._root}/{name}"

    @property
    def filesystem(self) -> fs.FileSystem:
        """What the folder is on."""
        return self._filesystem

    @property
    def local_path(self) -> Path | None:
        """The folder on the local disk, or None where it lies elsewhere."""
        return Path(self._root) if self.is_local else None

    def is_file(self) -> bool:
        """Whether a file stands where the folder should."""
        return self._filesystem.get_file_info(self._root).type == fs.FileType.File

    def exists(self) -> bool:
        """Whether the folder is there."""
        return self._filesystem.get_file_info(self._root).type == fs.FileType.Directory

    def names(self) -> list[str]:
        """The names of the files and folders directly below; empty where there is no folder."""
        if not self.exists():
            return []
        with _reported("read", self._root):
            inside = self._filesystem.get_file_info(fs.FileSelector(self._root))
        return [info.base_name for info in inside]

    def size_bytes(self, name: str) -> int | None:
        """The size of a file, or None where it is absent."""
        info = self._filesystem.get_file_info(self.path(name))
        return info.size if info.type == fs.FileType.File else None

    def read(self, name: str) -> bytes:
        """The content of a small file."""
        with (
            _reported("read", self.path(name)),
            self._filesystem.open_input_stream(self.path(name)) as stream,
        ):
            return stream.read()

    @contextmanager
    def reading(self, name: str) -> Iterator[Any]:
        """A stream over the content of a large file."""
        path = self.path(name)
        with _reported("read", path), self._filesystem.open_input_stream(path) as stream:
            yield stream

    def buffer(self, name: str) -> pa.Buffer:
        """The content of a file: mapped where it is local, else read into memory."""
        path = self.path(name)
        with _reported("read", path), self._open(path) as file:
            content = file.read_buffer()
        if self.is_local:
            _ask_for_huge_pages(content)
        return content

    def _open(self, path: str) -> pa.NativeFile:
        return pa.memory_map(path) if self.is_local else self._filesystem.open_input_file(path)

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO | Any]:
        """A stream to a new file, which is there when the block ends, and on disk after `sync`."""
        path = self.path(name)
        with _reported("write", path):
            self._filesystem.create_dir(path.rpartition("/")[0], recursive=True)
            if not self.is_local:
                with self._filesystem.open_output_stream(path) as stream:
                    yield stream
                return
            with open(path, "wb") as file:
                yield file

    def sync(self, name: str) -> None:
        """Wait until a file is on disk."""
        if self.is_local:
            with _reported("write", self.path(name)):
                _sync(self.path(name))

    def check_can_create(self) -> None:
        """Raise MissingDependency where `create` needs a package that is not installed."""
        if self._is_s3:
            s3.require_boto3()

    def create(self, name: str, content: bytes) -> bool:
        """Create a file directly below, complete or not at all.

        Returns:
            False where a file of that name is already there, which is left as it is.
        """
        if self.is_local:
            return self._link(name, content)
        if self._is_s3:
            return s3.create_object(self.uri, self.path(name), content)
        if self.size_bytes(name) is not None:
            return False
        with self.writing(name) as stream:
            stream.write(content)
        return True

    def _link(self, name: str, content: bytes) -> bool:
        temporary = f"{name}.{secrets.token_hex(8)}.tmp"
        try:
            with self.writing(temporary) as file:
                file.write(content)
            self.sync(temporary)
            try:
                os.link(self.path(temporary), self.path(name))
            except FileExistsError:
                return False
        finally:
            with suppress(FileNotFoundError):
                os.unlink(self.path(temporary))
        # A new name is on disk only when its folder is.
        _sync(self._root)
        return True

    def remove(self, name: str) -> None:
        """Remove a file below; nothing where it is absent."""
        with _reported("remove", self.path(name)), suppress(FileNotFoundError):
            self._filesystem.delete_file(self.path(name))

    def remove_tree(self, name: str) -> None:
        """Remove a folder below and all in it; nothing where it is absent."""
        if self._filesystem.get_file_info(self.path(name)).type == fs.FileType.Directory:
            self._filesystem.delete_dir(self.path(name))

    def remove_if_empty(self, name: str = "") -> None:
        """Remove a folder below, or the place itself, unless something is in it."""
        path = self.path(name) if name else self._root
        if self.is_local:
            with suppress(OSError):  # it is not empty, or someone else removed it
                os.rmdir(path)
            return
        inside = self._filesystem.get_file_info(fs.FileSelector(path, allow_not_found=True))
        if not inside and self._filesystem.get_file_info(path).type == fs.FileType.Directory:
            self._filesystem.delete_dir(path)


def _resolve(uri: StoreUri) -> tuple[fs.FileSystem, str, Any]:
    if isinstance(uri, tuple):
        filesystem, path = uri
        return filesystem, path.rstrip("/"), (filesystem, path)
    text = os.fspath(uri)
    if not text:
        raise ArgumentError("the path of the store is empty; name a folder, '.' for this one")
    if "://" not in text:
        path = str(Path(text).expanduser().absolute())
        return fs.LocalFileSystem(), path, path
    try:
        filesystem, path = fs.FileSystem.from_uri(text)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ArgumentError(
            f"cannot open {text!r}: {error}; expected a local path or a URI that pyarrow.fs knows, "
            "such as file:///..., s3://..., gs://... or hdfs://..."
        ) from error
    return filesystem, path.rstrip("/"), text


@contextmanager
def _reported(verb: str, path: str) -> Iterator[None]:
    """Turn what a filesystem raises, such as a full disk or a missing right, into a StoreError."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"cannot {verb} {path}: {error}", path=path) from error


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _ask_for_huge_pages(content: pa.Buffer) -> None:
    """Have a mapped file come in pages of 2 MiB, where the kernel and the filesystem have them.

    Random reads of gigabytes otherwise spend a third of their time on looking pages up: measured,
    a sampled edge costs 17 ns from pages of 4 KiB, and 11 ns from these. It is advice, so nothing
    depends on whether it is taken.
    """
    if hasattr(mmap, "MADV_HUGEPAGE") and content.size:
        start, size = ctypes.c_void_p(content.address), ctypes.c_size_t(content.size)
        ctypes.CDLL(None).madvise(start, size, mmap.MADV_HUGEPAGE)
