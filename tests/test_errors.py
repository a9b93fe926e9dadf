"""Errors on their way between processes."""

from __future__ import annotations

import pickle

from graphray.errors import Overloaded


def test_a_refusal_keeps_its_fields() -> None:
    error = Overloaded("too much to do", retry_after_s=1.5, part=2, replicas={0: "refused"})
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), str(back), back.retry_after_s) == (Overloaded, "too much to do", 1.5)
    assert back.fields == {"retry_after_s": 1.5, "part": 2, "replicas": {0: "refused"}}
