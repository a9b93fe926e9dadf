"""What a read may show, from strongest to weakest, and what a session's token must carry for it.

| level | shows at least |
| --- | --- |
| strong | every write acknowledged anywhere before the read began (linearizable) |
| snapshot | exactly the state that was pinned |
| causal | what this session, and every session whose token or writes it has seen, has seen |
| session | what this session has read and written (Terry et al. 1994) |
| monotonic | what this session has read |
| eventual | anything that was ever written |

Except for *strong*, a level is a floor: an LSN per log below which a replica may not answer, so any
replica that has caught up to it serves. See `graphray.replication.session` for who keeps the
floors.
"""

from __future__ import annotations

from enum import Enum


class Consistency(Enum):
    """The level of one read."""

    STRONG = "strong"
    SNAPSHOT = "snapshot"
    CAUSAL = "causal"
    SESSION = "session"
    MONOTONIC = "monotonic"
    EVENTUAL = "eventual"
