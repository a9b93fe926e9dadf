"""What came of a round: handed by the job to the tests in the shared folder."""

from __future__ import annotations

import pickle
from dataclasses import dataclass

from tests.cluster.hosts import SHARED
from tests.cluster.sampling import Sampled
from tests.torture.rounds import Round

# Pickled: job and tests have the same modules.
_PATH = SHARED / "found.pickle"


@dataclass
class Found:
    """What came of it.

    Attributes:
        round: clients' work, and what the checkers say to it.
        sampled: the minibatches beside it.
    """

    round: Round
    sampled: Sampled

    def write(self) -> None:
        """Leave it for the tests."""
        _PATH.write_bytes(pickle.dumps(self))

    @classmethod
    def read(cls) -> Found:
        """What the job has left."""
        found: Found = pickle.loads(_PATH.read_bytes())
        return found
