"""The network of the settings: shipped or from a file, asked where the settings say, refused in words."""

from pathlib import Path

import pytest

from edge_node.base.errors import EdgeNodeError
from edge_node.chain_light.network import ChainFileUnreadable, EndpointsUnfit, load_network, read_file, vouchers
from edge_node.chain_light.release_keys import RELEASE_KEYS
from edge_node.chain_light.shipped import SHIPPED, UnknownNetwork, shipped_spec
from edge_node.chain_light.spec import NetworkKind, SpecCutShort, SpecRefused
from edge_node.settings import ChainSettings


@pytest.mark.parametrize("name", SHIPPED)
def test_what_comes_with_the_release(name: str) -> None:
    """As it is, where the settings say nothing more."""
    assert load_network(ChainSettings(network=name)) == shipped_spec(name)


def test_a_file_of_the_operators_own(tmp_path: Path) -> None:
    """Any network, by its specification."""
    file = tmp_path / "spec.json"
    file.write_bytes(shipped_spec("cere-testnet").to_file())
    assert load_network(ChainSettings(spec_file=str(file))).id == "cere-testnet"


def test_endpoints_of_the_settings_take_the_place_of_the_specifications() -> None:
    """With their groups."""
    endpoints = ("mine=wss://rpc.example/ws", "theirs=wss://other.example")
    spec = load_network(ChainSettings(network="cere-mainnet", endpoints=endpoints))
    assert [(one.group, one.url) for one in spec.endpoints] == [
        ("mine", "wss://rpc.example/ws"), ("theirs", "wss://other.example"),
    ]  # fmt: skip
    assert spec.genesis == shipped_spec("cere-mainnet").genesis


def cut(tmp_path: Path) -> ChainSettings:
    raw = shipped_spec("dev").to_file()
    (tmp_path / "half.json").write_bytes(raw[: len(raw) // 2])
    return ChainSettings(spec_file=str(tmp_path / "half.json"))


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        (lambda _: ChainSettings(network="cere-mainet"), UnknownNetwork),
        (lambda place: ChainSettings(spec_file=str(place / "none.json")), ChainFileUnreadable),
        (lambda place: ChainSettings(spec_file=str(place)), ChainFileUnreadable),
        (cut, SpecCutShort),
        (lambda _: ChainSettings(network="dev", endpoints=("a=wss://rpc.example/ws",)), EndpointsUnfit),
        (
            lambda _: ChainSettings(network="cere-mainnet", endpoints=("a=wss://user:secret@rpc.example",)),
            EndpointsUnfit,
        ),
    ],
)
def test_what_cannot_be_followed_is_refused(tmp_path: Path, settings, kind: type[EdgeNodeError]) -> None:
    """Each with what to do, and without a word of an address, in which keys may stand."""
    with pytest.raises(kind) as refused:
        load_network(settings(tmp_path))
    assert refused.value.remedy
    assert str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_specification_without_endpoints_wants_some(tmp_path: Path) -> None:
    """Whoever wrote it has their own."""
    file = tmp_path / "spec.json"
    text = shipped_spec("cere-testnet").to_file().decode()
    head, _, rest = text.partition('"endpoints": [')
    file.write_text(f'{head}"endpoints": [{rest[rest.index("]") :]}')
    with pytest.raises(EndpointsUnfit):
        load_network(ChainSettings(spec_file=str(file)))
    named = ChainSettings(spec_file=str(file), endpoints=("own=ws://10.0.0.2:9944",))
    assert load_network(named).kind is NetworkKind.LIVE


def test_a_file_of_a_huge_size_is_not_read_whole(tmp_path: Path) -> None:
    """It is refused for its size, not for what memory it took."""
    file = tmp_path / "spec.json"
    with file.open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(SpecRefused, match="are the most"):
        load_network(ChainSettings(spec_file=str(file)))
    assert len(read_file("chain.checkpoint_file", str(file), 10)) == 10


def test_who_is_believed() -> None:
    """The release always, and the operator's cold key where the settings name one."""
    assert vouchers(ChainSettings(network="dev")).operator is None
    keys = vouchers(ChainSettings(network="dev", operator_key="0f" * 32))
    assert keys.operator is not None
    assert (keys.operator.hex(), keys.release) == ("0f" * 32, RELEASE_KEYS)
