"""What people write on a command line."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from graphray.cli.arguments import edge_files, fanouts, node_files, seed_ids
from graphray.errors import InputError, InputNotFound


@pytest.mark.parametrize(
    "path",
    ["edges.csv", "s3://bucket/a:b/edges.parquet", "data/year=2024/*.parquet", "a:b.csv"],
)
def test_a_path_alone_is_a_path(path: str) -> None:
    assert edge_files([path]) == path
    assert node_files([path]) == path


def test_a_relation_may_have_any_uri() -> None:
    files = edge_files(["a:to:b=s3://bucket/year=1/x.csv", "b:to:a=x.csv"])
    assert files == {("a", "to", "b"): "s3://bucket/year=1/x.csv", ("b", "to", "a"): "x.csv"}


def test_several_values_have_to_be_named_each_once() -> None:
    with pytest.raises(click.UsageError, match="SOURCE:NAME:DESTINATION=FILE"):
        edge_files(["a.csv", "b.csv"])
    with pytest.raises(click.UsageError, match="a:to:b is given twice"):
        edge_files(["a:to:b=1.csv", "a:to:b=2.csv"])
    with pytest.raises(click.UsageError, match="TYPE=FILE"):
        node_files(["paper=a.csv", "b.csv"])


def test_a_fanout_that_is_no_number_is_wrong_usage() -> None:
    assert fanouts(["a:b:a=3,0", "a:c:a=-1,2"]) == {
        ("a", "b", "a"): [3, 0],
        ("a", "c", "a"): [-1, 2],
    }
    for wrong in (["15,x"], [""], ["a:b:a="]):
        with pytest.raises(click.UsageError):
            fanouts(wrong)


def test_seeds_are_words_or_the_lines_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "seeds.txt"
    file.write_text("7\n\n 8 \n")
    assert seed_ids("1, 2", "int64") == [1, 2]
    assert seed_ids("1, 2", "string") == ["1", "2"]
    assert seed_ids(f"@{file}", "int64") == [7, 8]
    assert seed_ids(f"@{file}", "string") == ["7", "8"]


def test_wrong_seeds_are_named_with_their_place(tmp_path: Path) -> None:
    file = tmp_path / "seeds.txt"
    file.write_text("7\nseven\n")
    with pytest.raises(InputError, match=r"seeds.txt, row 2: 'seven' is no integer"):
        seed_ids(f"@{file}", "int64")
    with pytest.raises(InputNotFound, match="absent"):
        seed_ids(f"@{tmp_path / 'absent'}", "int64")
