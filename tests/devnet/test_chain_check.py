"""What is proved of a trial's chain, and that every lie about it is found."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import trio

from edge_node.chain_light import rpc
from edge_node.chain_light.spec import Endpoint
from edge_node.devnet.chain_check import PROVED_MIN, RETURN_BOUND_S, STALL_BOUND_S, chain_claims, outage_claims
from edge_node.devnet.chain_site import ChainSite
from edge_node.devnet.chain_watch import Final, Look
from edge_node.devnet.claim import Claim
from edge_node.devnet.layout import ChainHistory, SiteFiles
from edge_node.devnet.processes import processes

T = 1_786_716_000_000


def history(**changes: object) -> ChainHistory:
    told: dict[str, object] = {
        "url": "", "genesis": "", "proved": dict.fromkeys(range(1, 20), "00" * 32), "cut_ms": T,
        "stalled_ms": T + 2_100, "reason": "no endpoint can be used", "stalled_at": 9, "restored_ms": T + 2_200,
        "followed_ms": T + 4_000,
    }  # fmt: skip
    return msgspec.convert(told | changes, ChainHistory)


def false(claims: list[Claim]) -> list[str]:
    return [claim.text for claim in claims if not claim.holds]


def test_an_outage_that_was_said_in_time_and_mended_itself_holds() -> None:
    """Both sentences say how long it took."""
    claims = outage_claims(history())
    assert false(claims) == []
    assert "STALLED 2.1 s later: no endpoint can be used" in claims[0].text
    assert "1.8 s after the cable was back it followed by itself, 10 blocks further" in claims[1].text


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"stalled_ms": None, "reason": ""}, "STALLED never"),
        ({"stalled_ms": T + int(1_000 * STALL_BOUND_S) + 1}, "STALLED"),
        ({"reason": ""}, "STALLED"),
        ({"followed_ms": None}, "never after the cable was back"),
        ({"followed_ms": T + 2_201 + int(1_000 * RETURN_BOUND_S)}, "after the cable was back"),
        ({"stalled_at": 19}, "0 blocks further"),
    ],
)
def test_an_outage_that_was_not_is_found(changes: dict[str, object], wrong: str) -> None:
    """Said too late, not at all or without a reason; mended too late, not at all or with nothing new."""
    (text,) = false(outage_claims(history(**changes)))
    assert wrong in text


@pytest.fixture
async def chain(tmp_path: Path) -> AsyncIterator[tuple[ChainSite, dict[int, str]]]:
    """A chain that runs, and its own final blocks by height."""
    with processes() as running:
        async with trio.open_nursery() as nursery:
            site = ChainSite(SiteFiles(tmp_path), running)
            await site.start(nursery)
            yield site, await blocks(site.url)
            nursery.cancel_scope.cancel()


async def blocks(url: str) -> dict[int, str]:
    async with trio.open_nursery() as nursery:
        source: rpc.RpcSource = await nursery.start(rpc.connect, Endpoint(url=url, group="test"))
        while (final := await source.header(await source.finalized())) is None or final.number <= PROVED_MIN:
            await trio.sleep(0.1)
        heights = list(range(1, final.number + 1))
        hashes = await source.block_hashes(heights)
        nursery.cancel_scope.cancel()
    return {height: str(found) for height, found in zip(heights, hashes, strict=True)}


async def test_the_chain_itself_is_asked(chain: tuple[ChainSite, dict[int, str]]) -> None:
    """Its own blocks hold; one other hash, another chain, too few blocks, or a node that stands still do not."""
    site, truth = chain
    last = max(truth)
    now = Look("following", "as it should be", Final(last, truth[last]), hand_offs=1)
    told = history(url=site.url, genesis=site.genesis, proved=truth, stalled_at=last - 1)
    assert false(await chain_claims(told, now)) == []

    forged = msgspec.structs.replace(told, proved=truth | {last - 1: "11" * 32})
    other = msgspec.structs.replace(told, genesis="22" * 32)
    few = msgspec.structs.replace(told, proved={height: truth[height] for height in (1, last)})
    for lie in (forged, other, few):
        (text,) = false(await chain_claims(lie, now))
        assert "are the chain's own" in text
    for said in (
        Look("stalled", "as it is", now.finalized, hand_offs=1),
        Look("following", "as it was", Final(1, truth[1]), hand_offs=1),
        Look("following", "as it never was", now.finalized, hand_offs=0),
    ):
        (text,) = false(await chain_claims(told, said))
        assert "follows on" in text
