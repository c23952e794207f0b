"""What every log event means: one row each, in one table (docs/log-events.md is made from it and from the calls).

A table and not a comment at each call: some events are logged in several places and mean the same in all of them, and
the operator's screens show the meaning beside the event. Level, room and fields are read from the calls themselves.
"""

from collections.abc import Mapping

MEANINGS: Mapping[str, str] = {
    "accept.paused": "The process has no descriptors or memory for another connection and waits a moment.",
    "audit.set_aside": "audit.db could not be read; it was renamed and a new one begun.",
    "audit.write_refused": "Verdicts could not be written to audit.db; a gap row will say how many. Look at the disk.",
    "ballast.kept": "The reserve of a full disk could not be released, so deletes may be refused too.",
    "body.faulted": "A posted body met an error of ours while it was checked; it was refused. Please report it.",
    "body.refused": "The node refused a body that this device had queued; it was set apart and is not sent again.",
    "certificate.not_renewed": "The node's own certificate is about to expire and could not be replaced on the disk.",
    "connection.broken": "A connection ended by an error of ours; the others go on. Please report it.",
    "database.outdated": "A derived database has an older layout; it is made anew from the log.",
    "database.set_aside": "A database could not be read; it was renamed and is made anew from the log.",
    "drain.cut": "At shutdown some connections did not finish in time and were cut.",
    "events.lost": "A body of events lies in a damaged stretch of the log; its events cannot be read any more.",
    "evidence.refused": "Two bodies with one sequence number came, and the second could not be kept as evidence.",
    "footer.ignored": "A sealed segment's footer is damaged; the segment is read from its start instead.",
    "handshake.refused": "A TLS handshake did not come about, mostly by a client that does not trust the certificate.",
    "index.not_read": "The index could not be read while bodies waited; they were refused and may be sent again.",
    "index.set_aside": "The index knew more than the log; it was renamed and is made anew from the log.",
    "journal.broken": "Log and databases cannot be reconciled: the process ends. The next start recovers.",
    "journal.closed_uncleanly": "At shutdown the disk refused the last writes; the next start recovers from the log.",
    "journal.not_reopened": "The disk still refuses writes; the node stays read-only and tries again later.",
    "journal.opened_read_only": "The disk refused to open for writing at the start; reading works, writes are refused.",
    "journal.reopened": "The disk was tried again after it had refused; the state says whether it takes writes now.",
    "journal.state_changed": "What the journal takes has changed (all, deletes only, nothing); `state` says why.",
    "node.started": "Every room is ready and the doors are open.",
    "piece.damaged": "A stored piece does not match its digest. Put the same bytes again to heal it; look at the disk.",
    "piece.gone": "A piece was deleted while somebody read it slowly; that answer was cut.",
    "process.abandoned": "Rooms did not end in their time; the process leaves with exit code 71. Look at the disk.",
    "record.lost": "A record lies in a damaged stretch of the log, and the rebuilt index does without it.",
    "request.broken": "A request met an error of ours and was answered with 500. Please report it.",
    "response.cut": "An answer broke off after its beginning was sent; the client sees it by its length.",
    "round.refused": "A write round was refused for one of its records; all bodies in it were refused.",
    "round.taken_back": "The disk refused a round; it was taken back, and nothing acknowledged is lost.",
    "segment.kept": "A segment that nobody needs could not be removed; it is tried again.",
    "segment.not_read": "A segment's header and all copies of its salt are damaged; nothing in it can be verified.",
    "service.broken": "A room that the node can do without ended by an error; it is started again after a pause.",
    "service.ended": "A room that the node cannot do without ended: the node stops.",
    "service.given_up": "A room ended too often; it stays down until the node is started again.",
    "service.overran": "A room did not end in the time it had at shutdown; the others are closed all the same.",
    "service.stop_broken": "A room's last work at shutdown met an error.",
    "signal.received": "Somebody asked the process to stop; a second signal skips what is left of the drain.",
    "space.not_measured": "The free space of the disk could not be asked for; it is asked again.",
    "stream.not_read": "The log or its index could not be read for subscribers; they were ended and may come back.",
    "stretch.damaged": "A start found a damaged stretch in the log: a torn tail after a power cut, or rot on the disk.",
    "stretches.damaged": "There are more damaged stretches than are told one by one.",
}
