"""A replica's log in memory: what lies behind the last snapshot, and where the log ends.

LSNs are consecutive and terms never fall. A log is only ever changed at its end (`append`,
`truncate_from`) or cut at its start (`trim`); below `base_lsn` a snapshot stands in for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from graphray.replication.entries import Entry


class ReplicatedLog:
    """Entries ``base_lsn + 1 .. last_lsn``.

    Example:
        >>> log = ReplicatedLog()
        >>> log.append(Entry(1, term=1)); log.append(Entry(2, term=3))
        >>> log.last_lsn, log.last_term, log.term_at(1)
        (2, 3, 1)
    """

    def __init__(self, base_lsn: int = 0, base_term: int = 0) -> None:
        self.base_lsn = base_lsn
        self.base_term = base_term
        self._entries: list[Entry] = []

    @property
    def last_lsn(self) -> int:
        """The LSN of the last entry, or of the snapshot where there is none behind it."""
        return self.base_lsn + len(self._entries)

    @property
    def last_term(self) -> int:
        """The term of the last entry."""
        return self._entries[-1].term if self._entries else self.base_term

    def __getitem__(self, lsn: int) -> Entry:
        assert lsn > self.base_lsn, f"entry {lsn} lies behind the base {self.base_lsn}"
        return self._entries[lsn - self.base_lsn - 1]

    def term_at(self, lsn: int) -> int | None:
        """The term of an entry, or None where the log does not hold it."""
        if lsn == self.base_lsn:
            return self.base_term
        if self.base_lsn < lsn <= self.last_lsn:
            return self[lsn].term
        return None

    def between(self, after_lsn: int, last_lsn: int) -> Sequence[Entry]:
        """The entries ``after_lsn + 1 .. last_lsn``."""
        start = after_lsn - self.base_lsn
        assert start >= 0, f"entries behind {after_lsn} lie behind the base {self.base_lsn}"
        return self._entries[start : max(start, last_lsn - self.base_lsn)]

    def append(self, entry: Entry) -> None:
        """Add the next entry."""
        assert entry.lsn == self.last_lsn + 1, f"entry {entry.lsn} behind {self.last_lsn}"
        assert entry.term >= self.last_term, f"term {entry.term} behind {self.last_term}"
        self._entries.append(entry)

    def truncate_from(self, lsn: int) -> None:
        """Drop this entry and all that follow."""
        del self._entries[lsn - self.base_lsn - 1 :]

    def trim(self, lsn: int) -> None:
        """Drop all entries up to and with this one."""
        term = self.term_at(lsn)
        assert term is not None, f"entry {lsn} is not in {self.base_lsn}..{self.last_lsn}"
        del self._entries[: lsn - self.base_lsn]
        self.base_lsn, self.base_term = lsn, term
