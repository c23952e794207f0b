"""No node runs on keys that everybody has, unless it follows a development chain on this machine."""

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from edge_node.base.ids import PublicKey
from edge_node.paths import Paths
from edge_node.settings import Settings
from edge_node.store.buckets import Bucket
from edge_node.trust.dev_keys import Held, require_own_secrets
from edge_node.trust.device import Device, DeviceStatus, Role
from edge_node.trust.keystore import read_key_file

if TYPE_CHECKING:  # a node that follows no chain loads nothing of it
    from edge_node.chain_light.spec import ChainSpec

NOT_DEVELOPMENT: Final = "this node does not follow a development chain on this machine"
LIVE: Final = "this node follows {}, where it stands for what people own"


def require_own(
    settings: Settings,
    paths: Paths,
    node_key: PublicKey,
    devices: Iterable[Device],
    buckets: Iterable[Bucket],
    spec: "ChainSpec | None",
) -> None:
    """PublicSecret, naming the key and what to do; blocking, for one small file."""
    if spec is not None and str(spec.kind) == "development":  # which is asked on loopback alone, or is no specification
        return
    require_own_secrets(_held(settings, paths, node_key, devices), NOT_DEVELOPMENT)
    if spec is not None:
        owners = (Held(f"the owner of bucket {bucket.id},", PublicKey(bucket.owner)) for bucket in buckets)
        require_own_secrets(owners, LIVE.format(spec.name))


def _held(settings: Settings, paths: Paths, node_key: PublicKey, devices: Iterable[Device]) -> Iterator[Held]:
    """What this node signs with, and whose signatures it obeys."""
    yield Held("the node key", node_key)
    if settings.chain.operator_key:
        yield Held("the operator's cold key", PublicKey.parse(settings.chain.operator_key))
    for device in devices:
        if Role.OPERATOR in device.roles and device.status is DeviceStatus.ACTIVE:
            yield Held(f"the key of the operator {device.name}", device.key)
    if os.access(paths.receipt_key, os.R_OK):
        with read_key_file(paths.receipt_key) as receipt:
            yield Held("the receipt key", receipt.public)
