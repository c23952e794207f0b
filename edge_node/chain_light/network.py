"""The network that the settings name: its specification, the endpoints in force, and who is believed."""

from pathlib import Path
from typing import Final

import msgspec

from edge_node.base.errors import EdgeNodeError
from edge_node.base.ids import PublicKey
from edge_node.chain_light.checkpoint import CheckpointKeys
from edge_node.chain_light.release_keys import RELEASE_KEYS
from edge_node.chain_light.shipped import shipped_spec
from edge_node.chain_light.spec import SPEC_MAX_BYTES, ChainSpec, Endpoint
from edge_node.settings import ChainSettings
from edge_node.settings.endpoints import parse_endpoints

DOCUMENT_FILE_MAX_BYTES: Final = 512 * 1_024  # of a checkpoint as a document 256 KiB, as texts a little more


class ChainFileUnreadable(EdgeNodeError):
    """A file that the settings name for the chain cannot be read."""

    slug = "chain-file-unreadable"
    remedy = "See that the node's user may read that file, or name another one in that setting."

    def __init__(self, setting: str, path: str, why: str) -> None:
        self.setting, self.path, self.why = setting, path, why
        super().__init__(f"{setting} names {path}, which cannot be read: {why}")


class EndpointsUnfit(EdgeNodeError):
    """The endpoints of the settings are none that the network may be asked at; `why` says what is wrong."""

    slug = "chain-endpoints-unfit"
    remedy = (
        "Write each as `group=wss://host:port/path` in chain.endpoints, lower-case and without user or password; a "
        "development chain is asked on this machine alone, at ws://127.0.0.1:port."
    )

    def __init__(self, network: str, why: str) -> None:
        self.network, self.why = network, why
        super().__init__(f"chain.endpoints does not fit {network}: {why}")


def load_network(settings: ChainSettings) -> ChainSpec:
    """The network to follow, asked where the settings say; blocking, for at most two small files.

    Raises UnknownNetwork, ChainFileUnreadable, SpecRefused (SpecCutShort), EndpointsUnfit.
    """
    if settings.spec_file:
        raw = read_file("chain.spec_file", settings.spec_file, SPEC_MAX_BYTES + 1)
        spec = ChainSpec.from_file(raw)
    else:
        spec = shipped_spec(settings.network)
    if not settings.endpoints:
        return _with_endpoints(spec)
    try:
        rules = [Endpoint(url=rule.url, group=rule.group) for rule in parse_endpoints(settings.endpoints)]
        return msgspec.structs.replace(spec, endpoints=tuple(rules))
    except ValueError as unfit:
        raise EndpointsUnfit(spec.id, str(unfit)) from None


def _with_endpoints(spec: ChainSpec) -> ChainSpec:
    if not spec.endpoints:
        raise EndpointsUnfit(spec.id, "neither it nor its specification names one")
    return spec


def vouchers(settings: ChainSettings) -> CheckpointKeys:
    """Who is believed: the release, and the operator's cold key where one is named."""
    cold = PublicKey.parse(settings.operator_key) if settings.operator_key else None
    return CheckpointKeys(release=RELEASE_KEYS, operator=cold)


def read_file(setting: str, path: str, most: int) -> bytes:
    """At most `most` bytes of a file; ChainFileUnreadable. Blocking."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(most)
    except OSError as error:
        raise ChainFileUnreadable(setting, path, error.strerror or str(error)) from error
