"""`edge-node verify`: stored events checked offline, against nothing but hashes and signatures."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from cyclopts import Parameter

from edge_node.base.errors import EdgeNodeError
from edge_node.cli.exits import ExitCode
from edge_node.cli.options import JsonOption
from edge_node.cli.words import say, say_json
from edge_node.client import (
    AnchorEntry,
    AnchorList,
    Page,
    ProofBroken,
    VerifiedAnchor,
    VerifiedBody,
    verify_anchor,
    verify_body,
    verify_chain,
    verify_page,
    verify_proof,
    verify_removed,
)
from edge_node.wire.cid import format_cid

Saved = TypeVar("Saved")


class NothingToVerify(EdgeNodeError):
    """Neither a page nor a whole body was given."""

    slug = "nothing-to-verify"
    remedy = (
        "Save a page (`stream read NAME --proof --json`) or anchors (`stream anchors NAME --json`), or give --body,"
        " --signature, --content-type and --cid."
    )

    def __init__(self, why: str) -> None:
        super().__init__(f"there is nothing to verify: {why}")


class Verdict(msgspec.Struct, frozen=True):
    """What was checked of one body or page, and why it is not believed if it is not."""

    what: str
    holds: bool
    facts: dict[str, str | int] = {}
    why: str = ""


def verify(
    page: Annotated[Path | None, Parameter(help="A saved page with proofs.")] = None,
    *,
    body: Annotated[Path | None, Parameter(help="A body's bytes, instead of a page.")] = None,
    signature: Annotated[str, Parameter(help="The body's Edge-Signature header.")] = "",
    content_type: Annotated[str, Parameter(help="The body's Content-Type.")] = "",
    cid: Annotated[str, Parameter(help="The body's CID.")] = "",
    anchors: Annotated[Path | None, Parameter(help="Saved retention anchors, instead of a page.")] = None,
    removed: Annotated[
        tuple[Path, ...], Parameter(help="With --anchors: saved pages of what was removed. Repeatable.")
    ] = (),
    key: Annotated[
        tuple[str, ...],
        Parameter(help="Public keys you trust (of anchors: node keys), in hex; none: any key. Repeatable."),
    ] = (),
    json: JsonOption = False,
) -> int:
    """Check each body's hash against its CID and its signature; exit 1 if anything does not hold."""
    if sum(one is not None for one in (page, body, anchors)) != 1:
        raise NothingToVerify("give a page, a body or anchors, and one of them alone")
    if anchors is not None:
        verdicts = list(_check_anchors(anchors, removed, frozenset(key)))
    elif page is not None:
        verdicts = list(_check_page(page, frozenset(key)))
    else:
        assert body is not None
        verdicts = [_check_body(body, signature, content_type, cid, frozenset(key))]
    good = "hash, signature and place of every event hold" if anchors is None else "every anchor holds, without a break"
    _tell(verdicts, good, json=json)
    return ExitCode.OK if all(verdict.holds for verdict in verdicts) else ExitCode.REFUSED


def _check_anchors(file: Path, removed: tuple[Path, ...], trusted: frozenset[str]) -> Iterator[Verdict]:
    answer = _read(file, AnchorList, "a list of anchors")
    proofs = [proof for one in removed for proof in _read(one, Page, "a page").proofs or ()]
    held = []
    for entry in answer.anchors:
        verdict, verified = _check_anchor(entry, trusted)
        yield verdict
        if verified is None:
            continue
        held.append(verified)
        if proofs and (found := verify_removed(verified.anchor, proofs)) is not None:
            what = f"bodies removed by anchor {entry.number}"
            yield Verdict(what, holds=found, why="" if found else "the bodies at hand are not those that it names")
    try:
        verify_chain(answer, held)
        yield Verdict(f"chain of {len(held)} anchors of {answer.stream}", holds=True, facts={"first": answer.first})
    except ProofBroken as error:
        yield Verdict(f"chain of {answer.stream}", holds=False, why=error.why)


def _check_anchor(entry: AnchorEntry, trusted: frozenset[str]) -> tuple[Verdict, VerifiedAnchor | None]:
    what = f"anchor {entry.number}"
    try:
        verified = verify_anchor(entry)
    except ProofBroken as error:
        return Verdict(what, holds=False, why=error.why), None
    anchor, node = verified.anchor, verified.node.hex()
    facts: dict[str, str | int] = {
        "node": node,
        "from": anchor.start,
        "first": anchor.first,
        "bodies": anchor.bodies,
        "bytes": anchor.bytes,
        "by": anchor.by,
        "t": anchor.t_ms,
    }
    if trusted and node not in trusted:
        return Verdict(what, holds=False, facts=facts, why=f"vouched for by {node}, which is none of --key"), None
    return Verdict(what, holds=True, facts=facts), verified


def _read(file: Path, kind: type[Saved], what: str) -> Saved:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NothingToVerify(f"{file} is not {what} ({error})") from error


def _check_page(file: Path, trusted: frozenset[str]) -> Iterator[Verdict]:
    page = _read(file, Page, "a page")
    if page.proofs is None:
        raise NothingToVerify(f"{file} carries no proofs")
    for proof in page.proofs:
        try:
            yield _verdict(verify_proof(proof), trusted)
        except ProofBroken as error:
            yield Verdict(proof.cid, holds=False, why=error.why)
    what = f"page of {page.stream}, {len(page.events)} events"
    try:
        verify_page(page)
        yield Verdict(what, holds=True, facts={"next": page.next, "end": page.end})
    except ProofBroken as error:
        yield Verdict(what, holds=False, why=error.why)


def _check_body(file: Path, signature: str, content_type: str, cid: str, trusted: frozenset[str]) -> Verdict:
    if not (signature and content_type and cid):
        raise NothingToVerify("a body needs --signature, --content-type and --cid")
    try:
        return _verdict(verify_body(file.read_bytes(), signature, content_type, cid), trusted)
    except ProofBroken as error:
        return Verdict(cid, holds=False, why=error.why)


def _verdict(verified: VerifiedBody, trusted: frozenset[str]) -> Verdict:
    header, what = verified.header, format_cid(verified.cid)
    facts: dict[str, str | int] = {
        "stream": header.stream,
        "key": header.key.hex(),
        "seq": header.seq,
        "t": header.t_ms,
        "events": len(verified.items),
        "bytes": len(verified.body),
    }
    if trusted and header.key.hex() not in trusted:
        return Verdict(what, holds=False, facts=facts, why=f"signed by {header.key.hex()}, which is none of --key")
    return Verdict(what, holds=True, facts=facts)


def _tell(verdicts: list[Verdict], good: str, *, json: bool) -> None:
    if json:
        say_json(verdicts)
        return
    for verdict in verdicts:
        facts = "  ".join(f"{name} {value}" for name, value in verdict.facts.items())
        say(f"{'ok ' if verdict.holds else 'BAD'}  {verdict.what}  {verdict.why or facts}")
    bad = sum(not verdict.holds for verdict in verdicts)
    say(good if not bad else f"{bad} of {len(verdicts)} do not hold")
