"""The names of a shard's tables are names of files."""

from hypothesis import given
from hypothesis import strategies as st

from graphray.schema import Relation
from graphray.shard import edges_table, index_table, nodes_table, rows_table

# Long ones with a common beginning, and signs that mean something in a path.
plain = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
names = plain | st.builds(
    "http://example.org/a/path/of/many/steps/to/{}{}".format, st.text("ab~/.+%"), st.just("x" * 60)
)


@given(st.lists(names, min_size=6, max_size=6))
def test_tables_have_names_of_their_own_that_fit_a_file_system(found: list[str]) -> None:
    first, second = Relation(*found[:3]), Relation(*found[3:])
    for table in (rows_table, edges_table):
        assert (table(first, "in") == table(second, "in")) == (first == second)
    for name in (nodes_table(found[0]), index_table(found[0]), edges_table(first, "out")):
        assert all(0 < len(part.encode()) <= 255 for part in name.split("/"))
        assert not {".", ".."} & set(name.split("/"))
