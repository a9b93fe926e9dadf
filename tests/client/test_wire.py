"""Messages as bytes: what was sent is what arrives, whichever way it is packed."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.client.wire import decode, decode_pieces, encode, encode_in_pieces
from graphray.replication.consistency import Consistency
from graphray.replication.messages import CommitQuery, Message, Read, ReadDone, Redirect
from graphray.replication.version_vector import VersionVector

lsns = st.integers(0, 2**63 - 1)
vectors = st.dictionaries(st.text(max_size=5), lsns, max_size=3).map(VersionVector)
reads = st.builds(
    Read, st.text(), lsns, st.binary(), st.sampled_from(Consistency), lsns, st.frozensets(st.text())
)
answers = st.builds(ReadDone, st.text(), lsns, lsns, st.binary(), vectors)
queries = st.builds(CommitQuery, lsns, lsns)


@given(reads | answers | queries)
def test_a_message_arrives_as_it_was_sent(message: Message) -> None:
    assert decode(encode(message)) == message


@given(st.lists(reads | answers | queries).map(tuple))
def test_a_batch_arrives_as_it_was_sent(batch: tuple[Message, ...]) -> None:
    assert decode_pieces(encode_in_pieces(batch)) == batch


@pytest.mark.parametrize("message", [None, Redirect(1, None, "read")])
def test_what_else_is_sent_arrives_too(message: object) -> None:
    assert decode(encode(message)) == message


def test_a_read_travels_without_its_class() -> None:
    data = encode(Read("client", 1, b"query", Consistency.STRONG))
    assert isinstance(pickle.loads(data), tuple)
