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

_SIZED = struct.Struct("<cI")
_FLOAT = struct.Struct("<d")
_A_FLOAT, _A_LIST, _A_DICT, _A_BLOCK, _AN_INTEGER, _A_TEXT = b"fldbis"
_CONSTANTS = {ord("N"): None, ord("T"): True, ord("F"): False}


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
    # By exact type first, the frequent ones in front: an entry of a log holds dozens of values.
    kind = type(value)
    if kind is bytes:
        out += _SIZED.pack(b"b", len(value))
        out += value
    elif kind is tuple or kind is list:
        out += _SIZED.pack(b"l", len(value))
        for item in value:
            _write(item, out)
    elif kind is str:
        _write_sized(b"s", value.encode(), out)
    elif value is None:
        out += b"N"
    elif value is True:
        out += b"T"
    elif value is False:
        out += b"F"
    elif isinstance(value, int):
        _write_sized(b"i", value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True), out)
    elif isinstance(value, dict):
        out += _SIZED.pack(b"d", len(value))
        for key, item in value.items():
            _write(key, out)
            _write(item, out)
    elif isinstance(value, float):
        out += b"f" + _FLOAT.pack(value)
    elif isinstance(value, str):
        _write_sized(b"s", value.encode(), out)
    elif isinstance(value, bytes | bytearray | memoryview):
        _write_sized(b"b", value, out)
    elif isinstance(value, tuple | list):
        _write(tuple(value), out)
    else:
        raise TypeError(f"cannot pack a {kind.__name__}: {value!r}")


def _write_sized(tag: bytes, content: bytes | bytearray | memoryview, out: bytearray) -> None:
    out += _SIZED.pack(tag, len(content))
    out += content


def _read(data: bytes, at: int) -> tuple[Any, int]:
    tag = data[at]
    if tag in _CONSTANTS:
        return _CONSTANTS[tag], at + 1
    if tag == _A_FLOAT:
        return _FLOAT.unpack_from(data, at + 1)[0], at + 1 + _FLOAT.size
    _, length = _SIZED.unpack_from(data, at)
    at += _SIZED.size
    if tag == _A_LIST:
        return _read_items(data, at, length)
    if tag == _A_DICT:
        flat, at = _read_items(data, at, 2 * length)
        return dict(zip(flat[::2], flat[1::2], strict=True)), at
    content = data[at : at + length]
    if len(content) != length:
        raise StoreCorrupt(f"a packed value of {length} bytes is cut short at byte {len(data)}")
    at += length
    if tag == _A_BLOCK:
        return bytes(content), at
    if tag == _AN_INTEGER:
        return int.from_bytes(content, "little", signed=True), at
    if tag == _A_TEXT:
        return content.decode(), at
    raise StoreCorrupt(f"no packed value starts with {chr(tag)!r}, before byte {at}")


def _read_items(data: bytes, at: int, count: int) -> tuple[tuple[Any, ...], int]:
    if count > len(data) - at:  # Each item takes a byte or more: damage must not cost memory.
        raise StoreCorrupt(f"{count} packed items cannot lie in {len(data) - at} bytes")
    items = []
    for _ in range(count):
        item, at = _read(data, at)
        items.append(item)
    return tuple(items), at
