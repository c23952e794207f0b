"""What is done to a stopped node: made once, changed under LOCK, never half."""

import os
from pathlib import Path

import msgspec
import pytest

from edge_node.base.clock import SystemClock
from edge_node.base.ids import PublicKey, VaultId
from edge_node.journal import DirectoryInUse, DirectoryLock, OsFiles
from edge_node.offline import (
    DirectoryTaken,
    NoSuchDevice,
    RevokedAlready,
    change_devices,
    find_device,
    make_node,
    query_registry,
    revoke_grants,
    write_settings,
)
from edge_node.paths import Paths
from edge_node.settings import NodeSettings, Settings, load
from edge_node.trust.dev_keys import PublicSecret
from edge_node.trust.device import DeviceAction, DeviceStatus, Enrolment, Role, next_change
from edge_node.trust.device_rows import load_devices
from edge_node.trust.devices import DeviceExists
from edge_node.trust.keystore import write_key_file
from edge_node.trust.signing_key import SigningKey
from edge_node.trust.token_revocation_rows import load_revocations
from edge_node.trust.token_revocations import TokenRevocation
from tests.trust.test_dev_keys import DEVELOPMENT, seed_of

CLOCK = SystemClock()
KEY = PublicKey(b"\x11" * 32)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(node=NodeSettings(data_dir=str(tmp_path / "data")))


def enrolment(settings: Settings, name: str = "t1") -> Enrolment:
    vault = VaultId(b"\x22" * 32)
    return Enrolment(key=KEY, name=name, roles=frozenset({Role.DEVICE}), vault=vault, t_ms=CLOCK.now_ms())


def test_no_node_is_made_of_a_key_that_everybody_has(settings: Settings, tmp_path: Path) -> None:
    """A file of the operator's may hold one; no operator is enrolled then, and nothing stored."""
    with SigningKey.from_seed(seed_of(DEVELOPMENT)) as key:
        write_key_file(tmp_path / "dev.key", key)
    of_dev = msgspec.structs.replace(settings, node=NodeSettings(
        data_dir=settings.node.data_dir, key_file=str(tmp_path / "dev.key")
    ))  # fmt: skip
    with pytest.raises(PublicSecret, match="the development phrase"):
        make_node(of_dev, CLOCK, os.urandom, {})
    made = Paths(Path(settings.node.data_dir))
    assert not made.operator_key.exists()
    assert not made.segments.exists()
    make_node(settings, CLOCK, os.urandom, {})


def test_a_made_node_has_its_operator_enrolled(settings: Settings) -> None:
    """The operator's key has every right on the node's own vault from the start."""
    made = make_node(settings, CLOCK, os.urandom, {})
    table = query_registry(settings, CLOCK, os.urandom, load_devices)
    operator = table.get(made.operator)
    assert operator is not None
    assert operator.vault == VaultId(made.node)
    assert operator.roles == {Role.OPERATOR}


def test_a_node_is_never_made_over_another(settings: Settings) -> None:
    """The second attempt changes nothing."""
    make_node(settings, CLOCK, os.urandom, {})
    node_key = Paths(Path(settings.node.data_dir)).node_key.read_bytes()
    with pytest.raises(DirectoryTaken):
        make_node(settings, CLOCK, os.urandom, {})
    assert Paths(Path(settings.node.data_dir)).node_key.read_bytes() == node_key


def test_changes_are_durable_and_a_refused_one_leaves_no_trace(settings: Settings) -> None:
    """What a later process reads is what the changes made; a change that may not happen is not logged."""
    make_node(settings, CLOCK, os.urandom, {})
    change_devices(settings, CLOCK, os.urandom, lambda _: enrolment(settings))
    rc = Paths(Path(settings.node.data_dir)).segments / "rc" / "00000001.seg"
    size = rc.stat().st_size
    with pytest.raises(DeviceExists):
        change_devices(settings, CLOCK, os.urandom, lambda _: enrolment(settings, "t2"))
    assert rc.stat().st_size == size
    change_devices(
        settings,
        CLOCK,
        os.urandom,
        lambda table: next_change(find_device(table, "t1"), DeviceAction.SUSPEND, CLOCK.now_ms()),
    )
    table = query_registry(settings, CLOCK, os.urandom, load_devices)
    assert find_device(table, KEY.hex()).status is DeviceStatus.SUSPENDED
    with pytest.raises(NoSuchDevice):
        find_device(table, "nobody")


def test_a_lost_meta_database_is_made_again_from_the_log(settings: Settings) -> None:
    """Devices are truth twice: without meta.db the registry is the same."""
    make_node(settings, CLOCK, os.urandom, {})
    change_devices(settings, CLOCK, os.urandom, lambda _: enrolment(settings))
    before = query_registry(settings, CLOCK, os.urandom, load_devices).list()
    for path in Path(settings.node.data_dir).glob("meta.db*"):
        path.unlink()
    assert query_registry(settings, CLOCK, os.urandom, load_devices).list() == before


def test_a_directory_in_use_is_left_alone(settings: Settings) -> None:
    """While LOCK is held every verb is refused."""
    make_node(settings, CLOCK, os.urandom, {})
    lock = DirectoryLock(Paths(Path(settings.node.data_dir)), OsFiles(), "edge-node run")
    try:
        with pytest.raises(DirectoryInUse):
            change_devices(settings, CLOCK, os.urandom, lambda _: enrolment(settings))
    finally:
        lock.release()


def test_written_settings_load_and_are_never_overwritten(tmp_path: Path) -> None:
    """The file holds what was chosen, is private, and a second one is refused."""
    file = write_settings(tmp_path / "a" / "edge-node.toml", {"node.name": "barn"})
    assert load(file, {}).settings.node.name == "barn"
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(DirectoryTaken):
        write_settings(file, {})


def test_a_revocation_is_kept_once(settings: Settings) -> None:
    """Durable before it answers; what is revoked already is no second record, a later end of an issuer is one."""
    make_node(settings, CLOCK, os.urandom, {})
    of_holder = TokenRevocation.of_holder(KEY, 5, "lost")
    assert revoke_grants(settings, CLOCK, os.urandom, of_holder) == of_holder
    with pytest.raises(RevokedAlready) as refusal:
        revoke_grants(settings, CLOCK, os.urandom, TokenRevocation.of_holder(KEY, 9))
    assert refusal.value.standing == of_holder
    for until_ms in (10, 20):
        revoke_grants(settings, CLOCK, os.urandom, TokenRevocation.of_issuer(KEY, until_ms, 6))
    with pytest.raises(RevokedAlready):
        revoke_grants(settings, CLOCK, os.urandom, TokenRevocation.of_issuer(KEY, 15, 7))
    kept = query_registry(settings, CLOCK, os.urandom, load_revocations)
    assert {(one.by, one.until_ms) for one in kept} == {("holder", None), ("issuer", 20)}


def test_revoking_waits_for_no_running_node(settings: Settings) -> None:
    """LOCK is held: refused, and said by whom."""
    make_node(settings, CLOCK, os.urandom, {})
    lock = DirectoryLock(Paths(Path(settings.node.data_dir)), OsFiles(), "edge-node run")
    try:
        with pytest.raises(DirectoryInUse):
            revoke_grants(settings, CLOCK, os.urandom, TokenRevocation.of_holder(KEY, 5))
    finally:
        lock.release()
