"""Metadata read and written: real chains' byte for byte, our own in both versions, and hostile bytes refused."""

from dataclasses import replace

import pytest

from edge_node.base.errors import RemoteError
from edge_node.chain_light.metadata_bytes import (
    NotOfVersion,
    UnknownMetadataVersion,
    metadata_hash,
    parse_metadata,
    unwrap_metadata,
    write_metadata,
)
from edge_node.chain_light.metadata_check import MalformedMetadata
from edge_node.chain_light.metadata_scale import METADATA_BYTES_MAX, MetadataTooLarge
from edge_node.chain_light.types import MalformedRegistry
from edge_node.wire.scale import MalformedScale, blob, compact
from tests.chain_light.runtimes import CHAINS, JS, metadata_of, metadata_raw, mini_metadata, mini_parts

MINI = mini_metadata()
RAW15 = write_metadata(MINI, 15)


@pytest.mark.parametrize("chain", CHAINS)
def test_a_real_chains_metadata_comes_back_byte_for_byte(chain):
    """Nothing of it is lost, and its hash is the one another implementation finds."""
    raw = metadata_raw(chain)
    assert write_metadata(metadata_of(chain), raw[4]) == raw
    assert f"0x{metadata_hash(raw)}" == JS["metadata"][chain]["metadata_hash"]
    names = [extension.identifier for extension in metadata_of(chain).extrinsic.extensions]
    assert names == JS["metadata"][chain]["extensions"]


def test_our_own_metadata_comes_back():
    """V15 holds all of it; V14 all but APIs, outer enums and custom values, and the types of an extrinsic's parts."""
    from15, from14 = parse_metadata(RAW15), parse_metadata(write_metadata(MINI, 14))
    assert from15 == replace(MINI, extrinsic=replace(MINI.extrinsic, type=None))
    assert from14 == replace(MINI, apis=(), outer=None, custom=())


def test_a_version_that_lacks_something_is_not_written():
    """What was read from one version may lack what the other wants: it is said, not made up."""
    with pytest.raises(NotOfVersion, match="the type of an extrinsic"):
        write_metadata(parse_metadata(RAW15), 14)
    with pytest.raises(NotOfVersion, match="enums over all pallets"):
        write_metadata(parse_metadata(write_metadata(MINI, 14)), 15)
    with pytest.raises(UnknownMetadataVersion):
        write_metadata(MINI, 13)


@pytest.mark.parametrize("version", [13, 16, 255])
def test_another_version_is_no_fault(version):
    """It is refused, but not held against the endpoint that sent it."""
    with pytest.raises(UnknownMetadataVersion) as refused:
        parse_metadata(b"meta" + bytes((version,)) + RAW15[5:])
    assert refused.value.version == version
    assert not isinstance(refused.value, RemoteError)


def test_an_answer_is_unwrapped():
    """An Option of bytes; a runtime without that version answers none."""
    assert unwrap_metadata(b"\1" + blob(RAW15)) == RAW15
    assert unwrap_metadata(b"\0") is None
    for answer in (b"", b"\2", b"\0\0", b"\1" + blob(RAW15) + b"\0", b"\1\xfe\xff\xff\xff"):
        with pytest.raises(MalformedScale):
            unwrap_metadata(answer)


@pytest.mark.parametrize("chain", ["mini", "contracts-v14"])
def test_metadata_cut_short_is_refused(chain):
    """At every hundredth byte of a real chain's, at every seventh of ours."""
    raw, step = (RAW15, 7) if chain == "mini" else (metadata_raw(chain), 100)
    for end in range(0, len(raw), step):
        with pytest.raises((MalformedScale, MalformedMetadata)):
            parse_metadata(raw[:end])


def test_a_changed_byte_is_read_or_refused_as_the_remotes_fault():
    """Whichever byte is changed, nothing but a remote's fault (or another version) comes out."""
    for place in range(0, len(RAW15), 5):
        changed = bytearray(RAW15)
        changed[place] ^= 0xFF
        try:
            parse_metadata(bytes(changed))
        except (RemoteError, UnknownMetadataVersion):
            continue


FIELD, TAIL = b"\0\0\0\0", b"\0"
BOMBS = {
    "bytes": b"meta\x0f" + bytes(METADATA_BYTES_MAX),
    "types": b"meta\x0f\xfe\xff\xff\xff",
    "fields": b"meta\x0f\4\0\0\0\0" + compact(200_000) + FIELD * 200_000,
    "fields of many types": b"meta\x0f"
    + compact(40)
    + b"".join(compact(number) + b"\0\0\0" + compact(4_000) + FIELD * 4_000 + TAIL for number in range(40)),
    "lines": b"meta\x0f\4\0\0\0\0\0" + compact(200_000) + bytes(200_000),
    "variants": b"meta\x0f\4\0\0\0\1" + compact(100_000) + FIELD * 100_000 + TAIL,
    "a path": b"meta\x0f\4\0" + compact(200_000) + bytes(200_000),
    "a name": b"meta\x0f\4\0\4" + compact(1_000_000) + b"n" * 1_000_000,
    "a tuple": b"meta\x0f\4\0\0\0\4" + compact(200_000) + bytes(200_000),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused(bomb):
    """Many small things in few bytes: counted, and refused by the count."""
    with pytest.raises((MetadataTooLarge, MalformedScale, MalformedRegistry)):
        parse_metadata(BOMBS[bomb])


def test_an_extrinsic_that_does_not_say_its_parts_is_refused():
    """V14 names address, call, signature and extra only as parameters of the extrinsic's type."""
    parts = mini_parts()
    types = list(parts["registry"])
    place = parts["extrinsic"].type
    types[place] = replace(types[place], params=types[place].params[:3])
    registry = type(parts["registry"])(types)
    with pytest.raises(MalformedMetadata, match="does not say its Extra"):
        parse_metadata(write_metadata(mini_metadata(registry=registry), 14))


def test_bytes_that_are_no_metadata_are_refused():
    """Four letters stand before it, nothing behind it."""
    for raw in (b"", b"met", b"atem" + RAW15[4:]):
        with pytest.raises((MalformedScale, MalformedMetadata)):
            parse_metadata(raw)
    with pytest.raises(MalformedScale, match="follow"):
        parse_metadata(RAW15 + b"\0")
