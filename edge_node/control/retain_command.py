"""stream.retain: the oldest events of a stream removed now, under a signed anchor, up to where the plan said."""

import msgspec

from edge_node.base.errors import Refusal
from edge_node.base.ids import StreamName
from edge_node.control.arguments import RetainArguments, as_object
from edge_node.control.commands import Draft, Outcome
from edge_node.control.errors import ArgumentsMalformed
from edge_node.control.house import House
from edge_node.settings import RetentionPolicy
from edge_node.store.streams.retainer import Retainer


class RetainStream:
    """Remove what is too old or too much. The policy that goes on by itself is a setting ([retention])."""

    name, about, danger = "stream.retain", "Remove a stream's oldest events now, by age or by size.", True
    arguments = RetainArguments

    def __init__(self, house: House, retainer: Retainer) -> None:
        self._house, self._retainer = house, retainer

    def unavailable(self) -> str:
        """See Command."""
        return ""

    async def plan(self, arguments: RetainArguments) -> Draft:
        """See Command; UnknownStream."""
        stream, policy = _stream(arguments), _policy(arguments)
        survey = await self._retainer.survey(self._house.vault, stream, policy)
        removal = survey.removal
        if removal is None:
            return Draft(
                summary=f"Remove nothing from {stream}: it holds nothing that is too old or too much.",
                subject=stream,
                arguments=as_object(msgspec.structs.replace(arguments, until=0)),
            )
        until = removal.first if arguments.until is None else arguments.until
        return Draft(
            summary=f"Remove {removal.events} events ({removal.bytes} bytes) from {stream}.",
            consequences=[
                f"Offsets {removal.start} to {removal.first - 1} cannot be read any more, not even by their CIDs.",
                "This cannot be undone. A signed anchor says what went.",
            ],
            danger=True,
            confirm=stream,
            subject=stream,
            facts={"stream": stream, "first offset": removal.start},
            arguments=as_object(msgspec.structs.replace(arguments, until=until)),
        )

    async def execute(self, arguments: RetainArguments) -> Outcome:
        """See Command. Whole bodies go; what came after the plan stays."""
        stream, until = _stream(arguments), arguments.until or 0
        removal = await self._retainer.retain(self._house.vault, stream, _policy(arguments), until)
        self._house.ingest.traffic.changed_streams.add((self._house.vault, stream))
        gone = {"events": 0, "bodies": 0, "bytes": 0}
        if removal is not None:
            gone = {"events": removal.events, "bodies": removal.bodies, "bytes": removal.bytes}
        return Outcome({"stream": stream, "removed": gone, "first_offset": None if removal is None else removal.first})


def _stream(given: RetainArguments) -> StreamName:
    try:
        return StreamName(given.stream)
    except Refusal as refusal:
        raise ArgumentsMalformed("stream", str(refusal)) from refusal


def _policy(given: RetainArguments) -> RetentionPolicy:
    if given.age_s is None and given.bytes is None:
        raise ArgumentsMalformed("age_s", "one of age_s and bytes says what is to go")
    return RetentionPolicy(age_s=given.age_s, bytes_max=given.bytes)
