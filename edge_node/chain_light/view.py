"""The only door to values of the chain: proved at a final block, with height and age (docs/specs/chain-view.md).

An endpoint that proves too little, or something else, has answered badly, and the next one is asked; an answer that is
short never passes for an absence.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import trio

from edge_node.base.ids import Hash256
from edge_node.chain_light import layouts
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.authorities import Authority
from edge_node.chain_light.layouts import Account, Layout, RuntimeUpgrade, account_layout
from edge_node.chain_light.proof_slices import Slices
from edge_node.chain_light.proved import NotProvable, Proved, worth_of
from edge_node.chain_light.proved_state import (
    Mark,
    Marked,
    Pairs,
    child_value_of,
    is_unchanged,
    marked_value_of,
    pairs_under,
    values_of,
)
from edge_node.chain_light.proved_values import ProvedValues
from edge_node.chain_light.shared_question import SharedQuestions
from edge_node.chain_light.source import Source
from edge_node.chain_light.source_errors import EndpointSilent, MalformedAnswer
from edge_node.chain_light.status import ChainStatus
from edge_node.chain_light.trie_proof import KEYS_MAX

PAGE_KEYS: Final = 256  # keys of one page of a list
TURN_S: Final = 60.0  # for all questions to one endpoint together: 65,536 short ones are some 500

Value = TypeVar("Value")
Answer = TypeVar("Answer")
Subject = TypeVar("Subject")


class AnchorSource(Protocol):
    """Who knows what is final (chain_light/sync)."""

    @property
    def anchor(self) -> Anchor | None:
        """The newest final block."""
        ...

    def status(self) -> ChainStatus:
        """Everything at this moment."""
        ...

    def count_proof(self) -> None:
        """A proof of state was verified."""
        ...


class Asked(Protocol):
    """Who asks endpoints (chain_light/endpoints)."""

    async def ask(self, question: Callable[[Source], Awaitable[Answer]], verify: Callable[[Answer], Value]) -> Value:
        """What `verify` makes of the first good answer; NoEndpoint when there is none."""
        ...


class _Place(NamedTuple):
    """A final block, and the root of the state after it."""

    number: int
    block: Hash256
    state_root: Hash256


class View:
    """Reads at the newest final block. Every method raises NotProvable, NoEndpoint."""

    def __init__(self, client: AnchorSource, endpoints: Asked) -> None:
        self._client, self._endpoints = client, endpoints
        self._known = ProvedValues()
        self._shared = SharedQuestions[Any]()

    async def read(self, key: bytes) -> Proved[bytes | None]:
        """The value at a key; None where it is proved that there is none."""
        return (await self.read_many([key])).map(lambda found: found[key])

    async def read_many(
        self, keys: Iterable[bytes], *, at: Proved[object] | None = None
    ) -> Proved[Mapping[bytes, bytes | None]]:
        """The values at several keys, all at one block: at the newest, or where `at` was read."""
        wanted = tuple(dict.fromkeys(keys))
        return await self._answer(lambda place: self._values(place, wanted), at)

    async def read_prefix(self, prefix: bytes, *, keys_max: int = KEYS_MAX) -> Proved[Pairs]:
        """Every key that begins with `prefix` and its value: proved that there is no other.

        MoreUnderPrefix where there are more than `keys_max`.
        """
        return await self._answer(lambda place: self._under(place, prefix, keys_max))

    async def read_child(self, child: bytes, key: bytes) -> Proved[bytes | None]:
        """The value at a key of a default child trie; None where it, or the trie, is proved not to be there."""
        return await self._answer(lambda place: self._child(place, child, key))

    async def read_marked(self, key: bytes, *, at: Proved[object] | None = None) -> Proved[Marked]:
        """The value at a key, not remembered here, and a mark by which it is cheap to see that it is still the same."""
        return await self._answer(partial(self._by_keys, ("marked", key), [key], marked_value_of, key), at)

    async def is_unchanged(self, mark: Mark, *, at: Proved[object] | None = None) -> Proved[bool]:
        """Whether a marked value is the same for sure: its proof is as short as that of an account."""
        return await self._answer(partial(self._by_keys, ("mark", mark), [mark.beside], is_unchanged, mark), at)

    async def read_layout(self, layout: Layout[Value]) -> Proved[Value]:
        """What the release itself knows how to read; UnknownLayout where the chain has another form there."""
        return (await self.read(layout.key)).map(layout.read)

    async def account(self, account: bytes) -> Proved[Account]:
        """What an account (32 bytes) has; NO_ACCOUNT for one nobody ever paid."""
        return await self.read_layout(account_layout(account))

    async def now_ms(self) -> Proved[int | None]:
        """The time in the block, ms UTC, as its author gave it; None in block 0."""
        return await self.read_layout(layouts.NOW)

    async def runtime(self) -> Proved[RuntimeUpgrade]:
        """Which runtime's rules the state follows, with its spec version."""
        return await self.read_layout(layouts.RUNTIME)

    async def code(self) -> Proved[Hash256]:
        """BLAKE2b-256 of the runtime's code: its proof has all of that, megabytes."""
        return await self.read_layout(layouts.CODE)

    async def grandpa_set(self) -> Proved[tuple[int, tuple[Authority, ...]]]:
        """The number of the newest set that was announced, and who votes, as the chain's own state says it."""
        kept = (layouts.SET_ID, layouts.AUTHORITIES, layouts.WELL_KNOWN_AUTHORITIES)
        found = await self.read_many([one.key for one in kept])
        return found.map(_grandpa_set)

    async def _answer(
        self, question: Callable[[_Place], Awaitable[Value]], at: Proved[object] | None = None
    ) -> Proved[Value]:
        """An answer at a final block, judged by how the chain stands once the answer is there."""
        began_s, (newest, before) = trio.current_time(), self._ground()
        place = newest if at is None else _Place(at.number, at.block, at.state_root)
        value = await question(place)
        newest, now = self._ground()
        worth, why = worth_of(now)
        age_ms = now.age_ms or 0
        if newest != place:  # there is a newer one by now: this one is older than that, and than it was
            known_ms = (before.age_ms or 0) if at is None else at.age_ms
            age_ms = max(age_ms, known_ms + int((trio.current_time() - began_s) * 1_000))
        return Proved(
            value=value,
            number=place.number,
            block=place.block,
            state_root=place.state_root,
            age_ms=age_ms,
            proof=worth,
            why=why,
        )

    def _ground(self) -> tuple[_Place, ChainStatus]:
        """The newest final block, where anything may be told of it."""
        status, anchor = self._client.status(), self._client.anchor
        worth_of(status)
        if anchor is None:
            raise NotProvable(status.state, status.reason)
        header = anchor.header
        self._known.move_to(header.state_root)
        return _Place(header.number, anchor.hash, header.state_root), status

    async def _values(self, place: _Place, keys: tuple[bytes, ...]) -> Mapping[bytes, bytes | None]:
        root = place.state_root
        known = self._known.known(root, keys)
        missing = tuple(key for key in keys if key not in known)
        if missing:
            ask = partial(_entries, block=place.block, keys=missing)
            found = await self._ask(("values", root, frozenset(missing)), ask, partial(values_of, root, missing))
            self._known.put(root, found)
            known |= found
        return {key: known[key] for key in keys}

    async def _by_keys(
        self,
        name: tuple[object, ...],
        keys: Sequence[bytes],
        verify: Callable[[Hash256, Subject, Sequence[bytes]], Value],
        subject: Subject,
        place: _Place,
    ) -> Value:
        ask = partial(_entries, block=place.block, keys=keys)
        return await self._ask((*name, place.state_root), ask, partial(verify, place.state_root, subject))

    async def _under(self, place: _Place, prefix: bytes, keys_max: int) -> Pairs:
        ask = partial(_entries_under, block=place.block, prefix=prefix, keys_max=keys_max)
        verify = partial(pairs_under, place.state_root, prefix, keys_max=keys_max)
        return await self._ask(("under", place.block, prefix, keys_max), ask, verify)

    async def _child(self, place: _Place, child: bytes, key: bytes) -> bytes | None:
        async def ask(source: Source) -> list[bytes]:
            return await source.child_proof(place.block, child, [key])

        verify = partial(child_value_of, place.state_root, child, key)
        return await self._ask(("child", place.block, child, key), ask, verify)

    async def _ask(
        self,
        name: tuple[object, ...],
        question: Callable[[Source], Awaitable[list[bytes]]],
        verify: Callable[[list[bytes]], Value],
    ) -> Value:
        """Ask the endpoints, once for all who want to know the same."""

        async def in_time(source: Source) -> list[bytes]:
            with trio.move_on_after(TURN_S):
                return await question(source)
            raise EndpointSilent(source.url, "a proof of state", TURN_S)

        async def asked() -> Value:
            found = await self._endpoints.ask(in_time, verify)
            self._client.count_proof()
            return found

        found: Value = await self._shared.ask(name, asked)
        return found


async def _entries(source: Source, *, block: Hash256, keys: Sequence[bytes]) -> list[bytes]:
    """The trie nodes that prove these keys."""
    slices = Slices()
    await _prove(source, block, keys, slices)
    return slices.entries


async def _entries_under(source: Source, *, block: Hash256, prefix: bytes, keys_max: int) -> list[bytes]:
    """The trie nodes under a prefix: of all keys that the endpoint lists, or of the way there where it lists none.

    Whether its list was whole, the proof alone tells.
    """
    slices, listed = Slices(), 0
    after: bytes | None = None
    while listed <= keys_max:
        page = await source.keys_under(block, prefix, after, PAGE_KEYS)
        _require_page(page, prefix, after)
        await _prove(source, block, page or ([] if listed else [prefix]), slices)
        if len(page) < PAGE_KEYS:
            break
        listed, after = listed + len(page), page[-1]
    return slices.entries


async def _prove(source: Source, block: Hash256, keys: Sequence[bytes], slices: Slices) -> None:
    """Ask for proofs of keys, as many at once as the last answer was small."""
    while keys:
        asked, keys = keys[: slices.keys], keys[slices.keys :]
        slices.add(len(asked), await source.proof(block, asked))


def _require_page(page: Sequence[bytes], prefix: bytes, after: bytes | None) -> None:
    """MalformedAnswer unless these are keys under the prefix, ascending from `after` on: or a list would never end."""
    if len(page) > PAGE_KEYS:
        raise MalformedAnswer(f"{len(page)} keys, where {PAGE_KEYS} were asked for")
    for key in page:
        if not key.startswith(prefix) or (after is not None and key <= after):
            raise MalformedAnswer("the keys under a prefix are not in order, or not under it")
        after = key


def _grandpa_set(found: Mapping[bytes, bytes | None]) -> tuple[int, tuple[Authority, ...]]:
    authorities = layouts.AUTHORITIES.read(found[layouts.AUTHORITIES.key])
    if authorities is None:
        authorities = layouts.WELL_KNOWN_AUTHORITIES.read(found[layouts.WELL_KNOWN_AUTHORITIES.key])
    return layouts.SET_ID.read(found[layouts.SET_ID.key]), authorities or ()
