"""What a journal is asked to write together: every ticket's drafts, as they are queued."""

from collections.abc import Sequence

import pytest

from edge_node.activity import ActivityRecord
from edge_node.journal import Draft, Journal, Lane, Ticket


class Tickets:
    """Looks over the shoulder of a journal, which writes as ever."""

    def __init__(self, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
        self._seen: list[list[Draft]] = []
        submit = journal.submit

        def note(drafts: Sequence[Draft], lane: Lane) -> Ticket:
            self._seen.append(list(drafts))
            return submit(drafts, lane)

        monkeypatch.setattr(journal, "submit", note)

    def recorded(self) -> list[tuple[list[int], ActivityRecord]]:
        """Each record of activity that was queued since the last look, after the kinds of what is in its ticket."""
        seen, self._seen[:] = self._seen[:], []
        return [
            ([other.kind for other in drafts if other is not draft], draft.item)
            for drafts in seen
            for draft in drafts
            if isinstance(draft.item, ActivityRecord)
        ]
