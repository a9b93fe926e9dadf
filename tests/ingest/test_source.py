from __future__ import annotations

import pyarrow as pa
import pytest

from graphray.errors import DanglingEdge, InputError
from graphray.ingest.source import Piece, Source

SOURCE = Source(pa.table({"src": range(5)}), (Piece("a", 2), Piece("b", 0), Piece("c", 3, 10)))


def test_rows_are_located_across_pieces() -> None:
    located = [SOURCE.locate(row) for row in range(5)]
    assert located == [("a", 0), ("a", 1), ("c", 10), ("c", 11), ("c", 12)]


def test_problems_name_the_place() -> None:
    problem = SOURCE.problem("too odd", row=3, column="src", kind=DanglingEdge)
    assert isinstance(problem, DanglingEdge)
    assert str(problem) == "c, row 11, column 'src': too odd"
    assert str(SOURCE.problem("all odd")) == "a and 2 more: all odd"


def test_reserved_and_doubled_names() -> None:
    with pytest.raises(InputError, match="'@x'"):
        Source.of(pa.table({"src": [1], "@x": [1]}), "t").properties(["src"])
    with pytest.raises(InputError, match="'w'"):
        Source.of(pa.table([[1], [2]], ["w", "w"]), "t").check_names()
