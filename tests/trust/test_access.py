"""The one decision: a differential test against a declarative oracle, and that an Access comes from nowhere else."""

import copy
import dataclasses
import gc
import pickle  # noqa: TID251 - to show that it is refused
import re
import sqlite3
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.trust.access import (
    Access,
    AccessDenied,
    Capability,
    Constraints,
    Deny,
    DenyReason,
    MaintenanceAccess,
    NotMintedHere,
    Resource,
    Verb,
    check,
    mint_maintenance,
    narrow,
    piece_resource,
    stream_resource,
    vault_resource,
)

NODE, KEY, OTHER = PublicKey(b"\x01" * 32), PublicKey(b"\x11" * 32), PublicKey(b"\x12" * 32)
VAULT, OTHER_VAULT = VaultId(b"\xab" * 32), VaultId(b"\xac" * 32)
SITE = stream_resource(VAULT, StreamName("site"))
SITE_A = stream_resource(VAULT, StreamName("site/a"))
PACKAGE = Path(__file__).parents[2] / "edge_node"


def capability(**fields: object) -> Capability:
    """KEY may append to SITE from 100 to 200 ms."""
    sound: dict[str, object] = {
        "issuer": NODE,
        "holder": KEY,
        "audience": VAULT,
        "resource": SITE,
        "verbs": frozenset({Verb.APPEND}),
        "not_before_ms": 100,
        "not_after_ms": 200,
    }
    return Capability(**{**sound, **fields})  # type: ignore[arg-type]


def reason(capabilities: list[Capability], now_ms: int = 150, **asked: object) -> DenyReason | None:
    """Why KEY may not append to SITE_A, or None if it may."""
    question: dict[str, object] = {"holder": KEY, "resource": SITE_A, "verb": Verb.APPEND, **asked}
    verdict = check(capabilities, now_ms=now_ms, **question)  # type: ignore[arg-type]
    return verdict.reason if isinstance(verdict, Deny) else None


def test_nothing_held_is_denied() -> None:
    """Default deny."""
    assert reason([]) is DenyReason.NOT_COVERED


def test_a_fitting_capability_is_enough() -> None:
    """The Access says who may do what, where, until when."""
    access = check([capability(generation=9)], KEY, SITE_A, Verb.APPEND, 150)
    assert isinstance(access, Access)
    assert (access.holder, access.vault, access.resource, access.verb) == (KEY, VAULT, SITE_A, Verb.APPEND)
    assert (access.not_after_ms, access.generation) == (200, 9)


@pytest.mark.parametrize(
    "asked",
    [
        {"holder": OTHER},
        {"verb": Verb.READ},
        {"resource": stream_resource(VAULT)},
        {"resource": stream_resource(VAULT, StreamName("sitex"))},
        {"resource": piece_resource(VAULT)},
        {"resource": vault_resource(VAULT)},
        {"resource": stream_resource(OTHER_VAULT, StreamName("site"))},
    ],
)
def test_whatever_is_not_given_is_denied(asked: dict[str, object]) -> None:
    """Another holder, verb, stream, scope or vault is not covered."""
    assert reason([capability()], **asked) is DenyReason.NOT_COVERED


@pytest.mark.parametrize(
    ("now_ms", "want"),
    [(99, DenyReason.NOT_YET_VALID), (100, None), (200, None), (201, DenyReason.EXPIRED)],
)
def test_both_ends_of_the_validity_are_included(now_ms: int, want: DenyReason | None) -> None:
    """A capability is valid at its first and at its last millisecond, not one beyond."""
    assert reason([capability()], now_ms) is want


def test_a_capability_that_fits_wins_over_one_that_has_expired() -> None:
    """Order does not matter: any capability that allows it is enough."""
    expired, sound = capability(not_after_ms=120), capability()
    assert reason([expired, sound]) is None
    assert reason([sound, expired]) is None
    assert reason([capability(resource=piece_resource(VAULT)), expired]) is DenyReason.EXPIRED


def test_a_child_allows_what_every_link_allows() -> None:
    """A narrowed chain is followed to its root; the tightest limits come out."""
    parent = capability(constraints=Constraints(late_max_s=60, bytes_per_day_max=9), not_after_ms=180)
    child = narrow(parent, OTHER, constraints=Constraints(late_max_s=30))
    access = check([child], OTHER, SITE_A, Verb.APPEND, 150)
    assert isinstance(access, Access)
    assert access.constraints == Constraints(late_max_s=30, bytes_per_day_max=9)
    assert access.not_after_ms == 180


@pytest.mark.parametrize(
    ("parent", "why"),
    [
        (capability(resource=stream_resource(VAULT, StreamName("site/b"))), DenyReason.NOT_COVERED),
        (capability(verbs=frozenset({Verb.READ})), DenyReason.NOT_COVERED),
        (capability(not_after_ms=149), DenyReason.EXPIRED),
        (capability(not_before_ms=151), DenyReason.NOT_YET_VALID),
        (capability(holder=NODE), DenyReason.NOT_COVERED),
        (capability(audience=OTHER_VAULT, resource=vault_resource(OTHER_VAULT)), DenyReason.NOT_COVERED),
    ],
)
def test_a_child_built_by_hand_gains_nothing(parent: Capability, why: DenyReason) -> None:
    """A forged child that claims more than its parent is stopped by the parent's link."""
    child = capability(issuer=KEY, holder=OTHER, parent=parent)
    assert reason([child], holder=OTHER) is why


def test_a_forged_child_does_not_lift_its_parents_limits() -> None:
    """Constraints and end are the tightest of the chain even where the child says otherwise."""
    parent = capability(constraints=Constraints(late_max_s=60), not_after_ms=160)
    child = capability(issuer=KEY, holder=OTHER, parent=parent, not_after_ms=None)
    access = check([child], OTHER, SITE_A, Verb.APPEND, 150)
    assert isinstance(access, Access)
    assert (access.constraints.late_max_s, access.not_after_ms) == (60, 160)


# The oracle: the same rules as one SQL query over exploded facts. It shares no code with the check.
ORACLE_SCHEMA = """
CREATE TABLE link (capability, depth, issuer, holder, audience, scope, first_ms, last_ms);
CREATE TABLE link_verb (capability, depth, verb);
CREATE TABLE asked_path (path);
"""
ORACLE_QUERY = """
SELECT count(*) FROM link AS leaf
WHERE leaf.depth = 0 AND leaf.holder = :holder
AND NOT EXISTS (
    SELECT 1 FROM link AS l
    WHERE l.capability = leaf.capability
    AND NOT (
        l.scope IN (SELECT path FROM asked_path)
        AND :now_ms >= l.first_ms
        AND (l.last_ms IS NULL OR :now_ms <= l.last_ms)
        AND :verb IN (SELECT verb FROM link_verb AS v WHERE v.capability = l.capability AND v.depth = l.depth)
    )
)
AND NOT EXISTS (
    SELECT 1 FROM link AS child JOIN link AS parent
    ON child.capability = leaf.capability AND parent.capability = leaf.capability AND parent.depth = child.depth + 1
    WHERE parent.holder <> child.issuer OR parent.audience <> child.audience
)
"""


def explode(conn: sqlite3.Connection, number: int, capability: Capability) -> None:
    """Write a capability and its parents as rows."""
    depth, link = 0, capability
    while True:
        conn.execute(
            "INSERT INTO link VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number, depth, bytes(link.issuer), bytes(link.holder), bytes(link.audience), link.resource,
                link.not_before_ms, link.not_after_ms,
            ),
        )  # fmt: skip
        conn.executemany("INSERT INTO link_verb VALUES (?, ?, ?)", [(number, depth, str(v)) for v in link.verbs])
        if link.parent is None:
            return
        depth, link = depth + 1, link.parent


def oracle(capabilities: list[Capability], holder: PublicKey, resource: Resource, verb: Verb, now_ms: int) -> bool:
    """Whether the rules, written declaratively, allow it."""
    conn = sqlite3.connect(":memory:")
    conn.executescript(ORACLE_SCHEMA)
    for number, one in enumerate(capabilities):
        explode(conn, number, one)
    segments = resource.split("/")
    paths = [("/".join(segments[: n + 1]),) for n in range(len(segments))]
    conn.executemany("INSERT INTO asked_path VALUES (?)", paths)
    asked = {"holder": bytes(holder), "verb": str(verb), "now_ms": now_ms}
    count: int = conn.execute(ORACLE_QUERY, asked).fetchone()[0]
    conn.close()
    return count > 0


HOLDERS = st.sampled_from([KEY, OTHER])
VAULTS = st.sampled_from([VAULT, VAULT, VAULT, OTHER_VAULT])
NAMES = st.sampled_from([None, "a", "a/b", "ab", "a/b/c"])
VERBS = st.sampled_from([Verb.APPEND, Verb.READ, Verb.GET])


@st.composite
def resources(draw: st.DrawFn, vault: VaultId | None = None) -> Resource:
    """A vault, its streams or pieces, or one of them."""
    vault = vault or draw(VAULTS)
    name = draw(NAMES)
    match draw(st.integers(0, 5)):
        case 0:
            return vault_resource(vault)
        case 1:
            return piece_resource(vault, None if name is None else name.replace("/", "x"))
        case _:
            return stream_resource(vault, None if name is None else StreamName(name))


@st.composite
def chains(draw: st.DrawFn) -> Capability:
    """A capability of up to three links: mostly each link fits the one above, now and then one is forged."""
    link: Capability | None = None
    for _ in range(draw(st.integers(1, 3))):
        forged = link is None or draw(st.integers(0, 3)) == 0
        audience = draw(VAULTS) if forged else link.audience
        whole = st.just(vault_resource(audience))
        link = Capability(
            issuer=draw(HOLDERS) if forged else link.holder,
            holder=draw(HOLDERS),
            audience=audience,
            resource=draw(whole | resources(audience)),
            verbs=draw(st.just(frozenset(Verb)) | st.frozensets(VERBS, min_size=1)),
            not_before_ms=draw(st.integers(0, 3)),
            not_after_ms=draw(st.none() | st.integers(2, 5)),
            parent=link,
        )
    assert link is not None
    return link


@settings(max_examples=400)
@given(st.lists(chains(), max_size=4), HOLDERS, resources(), VERBS, st.integers(0, 6))
def test_the_check_agrees_with_the_oracle(
    capabilities: list[Capability], holder: PublicKey, resource: Resource, verb: Verb, now_ms: int
) -> None:
    """For any capabilities and question, the check and the query give the same answer."""
    verdict = check(capabilities, holder, resource, verb, now_ms)
    assert isinstance(verdict, Access) == oracle(capabilities, holder, resource, verb, now_ms)


@given(st.lists(chains(), max_size=3), HOLDERS, resources(), resources(), VERBS, VERBS)
def test_an_access_never_covers_more_than_the_holder_may(
    capabilities: list[Capability], holder: PublicKey, asked: Resource, used: Resource, verb: Verb, other: Verb
) -> None:
    """Whatever an Access covers, the oracle allows."""
    access = check(capabilities, holder, asked, verb, 3)
    if isinstance(access, Access) and access.covers(used, other):
        assert oracle(capabilities, holder, used, other, 3)


def an_access() -> Access:
    """An Access of KEY to append to SITE."""
    access = check([capability()], KEY, SITE, Verb.APPEND, 150)
    assert isinstance(access, Access)
    return access


def test_an_access_covers_what_was_asked_and_below() -> None:
    """One verb, the resource and its descendants; nothing beside and nothing above."""
    access = an_access()
    assert access.covers(SITE, Verb.APPEND)
    assert access.covers(SITE_A, Verb.APPEND)
    assert not access.covers(SITE_A, Verb.READ)
    assert not access.covers(stream_resource(VAULT), Verb.APPEND)
    access.require(SITE_A, Verb.APPEND)
    with pytest.raises(AccessDenied) as caught:
        access.require(piece_resource(VAULT), Verb.PUT)
    assert (caught.value.resource, caught.value.verb) == (piece_resource(VAULT), Verb.PUT)


MINTED = [an_access, lambda: mint_maintenance("scrub")]


@pytest.mark.parametrize("kind", [Access, MaintenanceAccess])
def test_an_access_cannot_be_constructed_or_extended(kind: type) -> None:
    """Neither a call with any arguments nor a subclass gives one."""
    for args, fields in [((), {}), ((KEY, VAULT), {}), ((), {"holder": KEY, "task": "scrub"})]:
        with pytest.raises(NotMintedHere):
            kind(*args, **fields)
    with pytest.raises(NotMintedHere):
        type("Forged", (kind,), {})
    with pytest.raises(NotMintedHere):
        type("Forged", (kind,), {"__module__": "edge_node.trust.access"})
    gc.collect()  # the refused classes


@pytest.mark.parametrize("make", MINTED)
def test_an_access_cannot_be_changed(make: object) -> None:
    """No field can be set, added or removed."""
    access = make()  # type: ignore[operator]
    for name in ("verb", "task", "resource", "extra", "__class__"):
        with pytest.raises(NotMintedHere):
            setattr(access, name, type(access))
    with pytest.raises(NotMintedHere):
        del access.resource
    assert not hasattr(access, "__dict__")


@pytest.mark.parametrize("make", MINTED)
def test_an_access_cannot_be_copied(make: object) -> None:
    """Not by copy, deepcopy, pickle, replace or msgspec."""
    access = make()  # type: ignore[operator]
    for duplicate in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(NotMintedHere):
            duplicate(access)
    for replacing in (dataclasses.replace, msgspec.structs.replace, getattr(copy, "replace", dataclasses.replace)):
        with pytest.raises(TypeError):
            replacing(access, verb=Verb.ADMIN)
    with pytest.raises((TypeError, msgspec.ValidationError)):
        msgspec.convert({"verb": "admin"}, type(access))
    with pytest.raises(TypeError):
        msgspec.json.encode(access)


def test_an_empty_shell_covers_nothing() -> None:
    """An object forced into being without the check has no rights to lend: using it is an error."""
    shell = object.__new__(Access)
    with pytest.raises(AttributeError):
        shell.covers(SITE, Verb.APPEND)


def test_only_the_check_mints() -> None:
    """In the whole product one function makes an Access, and AccessControl alone asks for a MaintenanceAccess."""
    sources = {path.relative_to(PACKAGE).as_posix(): path.read_text() for path in PACKAGE.rglob("*.py")}
    forging = re.compile(r"__new__\((Maintenance)?Access\)|\b_mint\b")
    assert {name for name, text in sources.items() if forging.search(text)} == {"trust/access.py"}
    maintaining = {name for name, text in sources.items() if "mint_maintenance" in text}
    assert maintaining == {"trust/access.py", "trust/access_control.py"}
