"""Plain values to bytes and back, the same bytes for the same value on every machine.

What a log, a snapshot and a token carry is packed by this module: ``None``, booleans, integers of
any size, floats, strings, bytes, tuples (lists come back as tuples) and dicts, nested. The result
depends on the value alone, so replicas can be compared by digest. Nothing that is unpacked can run
code, which is why this is not pickle; bytes stay bytes, which is why it is not JSON.

Each value is one tag byte, then its content; whatever has a length carries it as a 32-bit integer.
"""

from __future__ import annotations

import struct
from typing import Any

from graphray.errors import StoreCorrupt

_LENGTH = struct.Struct("<I")
_FLOAT = struct.Struct("<d")


def pack(value: Any) -> bytes:
    """The bytes of a plain value.

    Raises:
        TypeError: where the value is of a type that this module does not know.

    Example:
        >>> unpack(pack({"term": 3, "members": ["a", "b"], "body": b"xyz"}))
        {'term': 3, 'members': ('a', 'b'), 'body': b'xyz'}
    """
    out = bytearray()
    _write(value, out)
    return bytes(out)


def unpack(data: bytes) -> Any:
    """The inverse of `pack`.

    Raises:
        StoreCorrupt: where the bytes are not what `pack` makes.
    """
    try:
        value, end = _read(data, 0)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise StoreCorrupt(f"{len(data)} bytes are not a packed value: {error}") from error
    if end != len(data):
        raise StoreCorrupt(f"a packed value ends at byte {end} of {len(data)}")
    return value


def _write(value: Any, out: bytearray) -> None:
    if value is None:
        out += b"N"
    elif value is True:
        out += b"T"
    elif value is False:
        out += b"F"
    elif isinstance(value, int):
        _write_sized(b"i", value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True), out)
    elif isinstance(value, float):
        out += b"f" + _FLOAT.pack(value)
    elif isinstance(value, str):
        _write_sized(b"s", value.encode(), out)
    elif isinstance(value, bytes | bytearray | memoryview):
        _write_sized(b"b", value, out)
    elif isinstance(value, tuple | list):
        out += b"l" + _LENGTH.pack(len(value))
        for item in value:
            _write(item, out)
    elif isinstance(value, dict):
        out += b"d" + _LENGTH.pack(len(value))
        for key, item in value.items():
            _write(key, out)
            _write(item, out)
    else:
        raise TypeError(f"cannot pack a {type(value).__name__}: {value!r}")


def _write_sized(tag: bytes, content: bytes | bytearray | memoryview, out: bytearray) -> None:
    out += tag + _LENGTH.pack(len(content))
    out += content


def _read(data: bytes, at: int) -> tuple[Any, int]:
    tag = data[at : at + 1]
    at += 1
    if tag == b"N":
        return None, at
    if tag == b"T":
        return True, at
    if tag == b"F":
        return False, at
    if tag == b"f":
        return _FLOAT.unpack_from(data, at)[0], at + _FLOAT.size
    (length,) = _LENGTH.unpack_from(data, at)
    at += _LENGTH.size
    if tag == b"l":
        return _read_items(data, at, length)
    if tag == b"d":
        flat, at = _read_items(data, at, 2 * length)
        return dict(zip(flat[::2], flat[1::2], strict=True)), at
    content = data[at : at + length]
    if len(content) != length:
        raise StoreCorrupt(f"a packed value of {length} bytes is cut short at byte {len(data)}")
    at += length
    if tag == b"i":
        return int.from_bytes(content, "little", signed=True), at
    if tag == b"s":
        return content.decode(), at
    if tag == b"b":
        return bytes(content), at
    raise StoreCorrupt(f"no packed value starts with {tag!r}, at byte {at}")


def _read_items(data: bytes, at: int, count: int) -> tuple[tuple[Any, ...], int]:
    if count > len(data) - at:  # Each item takes a byte or more: damage must not cost memory.
        raise StoreCorrupt(f"{count} packed items cannot lie in {len(data) - at} bytes")
    items = []
    for _ in range(count):
        item, at = _read(data, at)
        items.append(item)
    return tuple(items), at
