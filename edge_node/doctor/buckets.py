"""The buckets of the settings beside what is kept: nothing must lie in a bucket that nobody vouches for."""

import contextlib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from edge_node.base.ids import VaultId
from edge_node.doctor.finding import Finding, ok, warn
from edge_node.doctor.site import Site
from edge_node.identity import load_public_key
from edge_node.journal import open_unchanged
from edge_node.store.buckets import Bucket, StaticBuckets
from edge_node.store.usage import list_bucket_usage

SHOWN = 5  # numbers in one sentence


@dataclass(frozen=True, slots=True)
class BucketFacts:
    """`served`: by the settings; `kept`: pieces by (number, owner) of all that hold any; `open`: with a gRPC door."""

    served: tuple[Bucket, ...]
    kept: Mapping[tuple[int, VaultId], int]
    open: bool


def probe_buckets(site: Site) -> BucketFacts:
    """Read the settings and the index. The rules hold together, or the settings would not have loaded."""
    own = VaultId(load_public_key(site.settings.node, site.paths, site.environ))
    served = StaticBuckets(site.settings.ddc, own).list()
    return BucketFacts(tuple(served), _kept(site), bool(site.settings.grpc.listen))


def _kept(site: Site) -> dict[tuple[int, VaultId], int]:
    if not site.paths.index_db.exists():
        return {}
    try:
        with contextlib.closing(open_unchanged(site.paths.index_db)) as connection:
            rows = list_bucket_usage(connection)
    except sqlite3.DatabaseError:  # a damaged or an earlier release's index: the databases' finding
        return {}
    return {(number, VaultId(owner)): pieces for number, owner, _, pieces in rows if pieces}


def judge_buckets(facts: BucketFacts) -> Finding:
    """One finding: what is kept and refused all the same, whose it is, or how many are served."""
    check, served = "ddc.buckets", {one.id: one for one in facts.served}
    figures = {"served": len(served), "public": sum(one.public for one in facts.served)}
    unnamed = sorted({number for number, _ in facts.kept if number not in served})
    if unnamed:
        said = f"{_several(unnamed)} {_hold(unnamed)} pieces, and ddc.buckets does not name {_it(unnamed)}"
        todo = 'Name the owner in ddc.buckets, such as "7 owner=6S… public", or see what is there with `store buckets`.'
        return warn(check, f"{said}: every request is refused with `no bucket {unnamed[0]}`", todo, **figures)
    foreign = sorted({number for number, owner in facts.kept if served[number].owner != owner})
    if foreign:
        said = f"{_several(foreign)} {_hold(foreign)} pieces of another owner than ddc.buckets says"
        todo = "Correct the owner; what the former one stored cannot be read under the new one."
        return warn(check, said, todo, **figures)
    if not served:
        said = "no bucket is served" + (": the gRPC door refuses every call" if facts.open else "")
        return ok(check, said, **figures)
    return ok(check, f"{len(served)} served, {figures['public']} of them public", **figures)


def _several(numbers: list[int]) -> str:
    more = f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else ""
    return f"bucket{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers[:SHOWN]))}{more}"


def _hold(numbers: list[int]) -> str:
    return "hold" if len(numbers) > 1 else "holds"


def _it(numbers: list[int]) -> str:
    return "them" if len(numbers) > 1 else "it"


def check_buckets(site: Site) -> list[Finding]:
    """Probe and judge."""
    return [judge_buckets(probe_buckets(site))]
