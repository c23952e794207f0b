"""Metadata as it is sent, V14 and V15: read within bounds, and written for chains of our own (frame-metadata)."""

from typing import Final

from edge_node.base.digests import blake2b_256
from edge_node.base.errors import LocalError, Refusal
from edge_node.base.ids import Hash256
from edge_node.chain_light.errors import ChainError
from edge_node.chain_light.metadata import Metadata
from edge_node.chain_light.metadata_check import MalformedMetadata, known
from edge_node.chain_light.metadata_parts import CustomValue, ExtrinsicFormat, OuterEnums, SignedExtension
from edge_node.chain_light.metadata_scale import METADATA_BYTES_MAX, MetadataScale, write_text
from edge_node.chain_light.pallet_bytes import read_apis, read_pallets, write_apis, write_pallets
from edge_node.chain_light.registry_bytes import read_registry, write_registry
from edge_node.wire.scale import Scale, blob, compact, uint

_V14, _V15 = 14, 15
_MAGIC: Final = b"meta"
_EXTENSION_BYTES, _CUSTOM_BYTES = 3, 3


class UnknownMetadataVersion(ChainError, Refusal):
    """Metadata of a version that is not read here, which says nothing against who sent it."""

    slug = "unknown-metadata-version"
    status = 501
    remedy = "Ask for version 15 or 14 (Metadata_metadata_at_version)."

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(f"metadata of version {version}, known are 14 and 15")


class NotOfVersion(ChainError, LocalError):
    """Metadata lacks what the version it is to be written in must have."""

    slug = "metadata-not-of-version"

    def __init__(self, version: int, missing: str) -> None:
        self.version, self.missing = version, missing
        super().__init__(f"metadata without {missing} has no form in version {version}")


def parse_metadata(raw: bytes) -> Metadata:
    """The metadata in `raw`, which begins with `meta`. Offload it: a public chain's takes a tenth of a second.

    UnknownMetadataVersion; MalformedScale, MalformedRegistry, MalformedMetadata or MetadataTooLarge for forged ones.
    """
    scale = MetadataScale(raw)
    if scale.take(4) != _MAGIC:
        raise MalformedMetadata("it does not begin with 'meta'")
    version = scale.u8()
    if version not in (_V14, _V15):
        raise UnknownMetadataVersion(version)
    metadata = _read_v14(scale) if version == _V14 else _read_v15(scale)
    scale.end()
    return metadata


def unwrap_metadata(answer: bytes) -> bytes | None:
    """What `Metadata_metadata_at_version` answered, unwrapped: metadata, or None when it has not that version."""
    scale = Scale(answer)
    raw = scale.blob(METADATA_BYTES_MAX) if scale.flag() else None
    scale.end()
    return raw


def metadata_hash(raw: bytes) -> Hash256:
    """What metadata is pinned by: BLAKE2b-256 of its bytes as received, unwrapped."""
    return Hash256(blake2b_256(raw))


def write_metadata(metadata: Metadata, version: int) -> bytes:
    """Metadata as a runtime of our own answers; NotOfVersion when it lacks what the version must have."""
    head = _MAGIC + uint(version, 1) + write_registry(metadata.registry)
    if version == _V14:
        return head + _write_v14(metadata)
    if version == _V15:
        return head + _write_v15(metadata)
    raise UnknownMetadataVersion(version)


def _read_v14(scale: MetadataScale) -> Metadata:
    registry = read_registry(scale)
    pallets = read_pallets(scale, documented=False)
    type_id, version, extensions = scale.id(), scale.u8(), _read_extensions(scale)
    known(registry, "the extrinsic", [type_id])
    params = {param.name: param.type for param in registry[type_id].params}
    address, call, signature, extra = [_param(params, name) for name in ("Address", "Call", "Signature", "Extra")]
    extrinsic = ExtrinsicFormat(version, address, call, signature, extra, extensions, type_id)
    return Metadata(registry, pallets, extrinsic, scale.id())


def _param(params: dict[str, int | None], name: str) -> int:
    type_id = params.get(name)
    if type_id is None:
        raise MalformedMetadata(f"the extrinsic's type does not say its {name}")
    return type_id


def _read_v15(scale: MetadataScale) -> Metadata:
    registry = read_registry(scale)
    pallets = read_pallets(scale, documented=True)
    version, address, call, signature, extra = scale.u8(), scale.id(), scale.id(), scale.id(), scale.id()
    extrinsic = ExtrinsicFormat(version, address, call, signature, extra, _read_extensions(scale))
    runtime, apis = scale.id(), read_apis(scale)
    outer = OuterEnums(scale.id(), scale.id(), scale.id())
    custom = tuple([CustomValue(scale.name(), scale.id(), scale.blob(scale.left)) for _ in scale.many(_CUSTOM_BYTES)])
    return Metadata(registry, pallets, extrinsic, runtime, apis, outer, custom)


def _read_extensions(scale: MetadataScale) -> tuple[SignedExtension, ...]:
    return tuple([SignedExtension(scale.name(), scale.id(), scale.id()) for _ in scale.many(_EXTENSION_BYTES)])


def _write_v14(metadata: Metadata) -> bytes:
    extrinsic = metadata.extrinsic
    if extrinsic.type is None:
        raise NotOfVersion(_V14, "the type of an extrinsic")
    return (
        write_pallets(metadata.pallets, documented=False)
        + compact(extrinsic.type)
        + uint(extrinsic.version, 1)
        + _write_extensions(extrinsic.extensions)
        + compact(metadata.runtime)
    )


def _write_v15(metadata: Metadata) -> bytes:
    extrinsic, outer = metadata.extrinsic, metadata.outer
    if outer is None:
        raise NotOfVersion(_V15, "the enums over all pallets")
    ids = (extrinsic.address, extrinsic.call, extrinsic.signature, extrinsic.extra)
    custom = [write_text(one.name) + compact(one.type) + blob(one.value) for one in metadata.custom]
    return (
        write_pallets(metadata.pallets, documented=True)
        + uint(extrinsic.version, 1)
        + b"".join([compact(type_id) for type_id in ids])
        + _write_extensions(extrinsic.extensions)
        + compact(metadata.runtime)
        + write_apis(metadata.apis)
        + b"".join([compact(type_id) for type_id in (outer.call, outer.event, outer.error)])
        + compact(len(custom))
        + b"".join(custom)
    )


def _write_extensions(extensions: tuple[SignedExtension, ...]) -> bytes:
    parts = [compact(len(extensions))]
    parts += [write_text(one.identifier) + compact(one.extra) + compact(one.additional) for one in extensions]
    return b"".join(parts)
