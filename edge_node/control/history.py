"""What happened, page by page: the log, refusals and verdicts."""

from typing import Any

from edge_node.base.ids import MalformedId, PublicKey
from edge_node.base.log_ring import LEVELS, LOG_RING, LogEntry
from edge_node.base.offload import FILE, offload
from edge_node.base.refusals import REFUSAL_RING, counts, title_of
from edge_node.control.errors import BadParameter
from edge_node.control.house import House
from edge_node.control.paging import (
    OFFSET_MAX,
    Parameters,
    cut_page,
    read_choice,
    read_flag,
    read_limit,
    read_number,
    read_text,
)
from edge_node.control.views import audit_row, log_row, refusal_row
from edge_node.serving.problems import problem_registry
from edge_node.trust.audit import AuditFilter, read_audit

Page = dict[str, Any]
LOG_LEVELS = ("debug", "info", "warning", "error")


class History:
    """Reads from memory and from the audit trail; every method answers plain values."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._remedies: dict[str, str] = {}

    def logs(self, query: Parameters) -> Page:
        """GET /v1/logs."""
        limit, level = read_limit(query), read_choice(query, "level", LOG_LEVELS) or "debug"
        room, name, text = (read_text(query, part) for part in ("room", "name", "text"))
        lowest, folded = LEVELS[level], text.lower()
        after = read_number(query, "after", 0)

        def wanted(entry: LogEntry) -> bool:
            return (
                LEVELS.get(entry.level, 0) >= lowest
                and room in {"", entry.room}
                and entry.event.startswith(name)
                and (not text or _mentions(entry, folded))
            )

        seen, found = after, []
        for entry in LOG_RING.after(after):
            seen = entry.sequence
            if wanted(entry):
                found.append(entry)
                if query.get("after") is not None and len(found) == limit:
                    break
        lines = [log_row(entry) for entry in found[-limit:]]
        return {"lines": lines, "next": str(max(seen, 0)), "first": LOG_RING.first, "last": LOG_RING.last}

    def refusals(self, query: Parameters) -> Page:
        """GET /v1/refusals."""
        limit, below = read_limit(query), read_number(query, "after", OFFSET_MAX)
        slug, key = read_text(query, "slug"), read_text(query, "key").removesuffix("…")
        kept = [one for one in REFUSAL_RING.after(0) if one.sequence < below]
        chosen = [one for one in reversed(kept) if slug in {"", one.slug} and one.key.startswith(key)]
        rows, following = cut_page(chosen[: limit + 1], limit, lambda one: str(one.sequence))
        return {
            "total": sum(counts().values()),
            "by_slug": self._by_slug(),
            "refusals": [refusal_row(one) for one in rows],
            "next": following,
        }

    def _by_slug(self) -> list[Page]:
        last = {one.slug: one for one in REFUSAL_RING.after(0)}
        rows = []
        for slug, count in sorted(counts().items(), key=lambda item: (-item[1], item[0])):
            newest = last.get(slug)
            rows.append(
                {
                    "slug": slug,
                    "title": title_of(slug),
                    "count": count,
                    "last_ms": None if newest is None else newest.t_ms,
                    "remedy": self._remedy(slug) if newest is None else newest.remedy,
                }
            )
        return rows

    def _remedy(self, slug: str) -> str:
        if slug not in self._remedies:
            self._remedies = {name: kinds[0].remedy for name, kinds in problem_registry().items()}
            self._remedies.setdefault(slug, "")
        return self._remedies[slug]

    async def audit(self, query: Parameters) -> Page:
        """GET /v1/audit."""
        limit, holder = read_limit(query), query.get("holder")
        try:
            key = None if holder is None else PublicKey.parse(holder)
        except MalformedId as refusal:
            raise BadParameter("holder", refusal.why) from refusal
        wanted = AuditFilter(
            holder=key,
            resource=read_text(query, "resource") or None,
            verb=read_text(query, "verb") or None,
            allowed=read_flag(query, "allowed"),
            reason=read_text(query, "reason") or None,
            before_seq=read_number(query, "after", OFFSET_MAX),
        )
        found = await offload(read_audit, self._house.paths.audit_db, wanted, limit + 1, limiter=FILE)
        rows, following = cut_page(found, limit, lambda entry: str(entry.seq))
        return {"rows": [audit_row(entry) for entry in rows], "next": following}


def _mentions(entry: LogEntry, text: str) -> bool:
    if text in entry.event.lower() or text in entry.room.lower():
        return True
    return any(text in name.lower() or text in value.lower() for name, value in entry.fields.items())
