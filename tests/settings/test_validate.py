"""Rules across fields."""

import pytest

from edge_node.settings.errors import SettingsConflict, SettingsError, UnfitSetting
from edge_node.settings.resolve import Loaded, resolve
from edge_node.settings.validate import validate


def loaded(text: str) -> Loaded:
    return resolve(text.encode(), "e.toml", {})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[http]\nlisten = ''\nlisten_tls = ''",
        "[http]\nlisten = '[::1]:0'",
        "[http]\nlisten = '0.0.0.0:80'\nplain = 'lan'",
        "[http]\ncertificate_file = 'a'\ncertificate_key_file = 'b'",
        "[ingest]\nbody_bytes_max = 1",
        "[http]\norigins = ['https://app.example', 'http://localhost:3000', 'https://[::1]:8443']",
        "[retention]\nrules = ['site age=30d bytes=10GiB keep=1000', 'site/a']",
        "[grpc]\nlisten = '0.0.0.0:9091'\nplain = 'lan'",
        "[ddc]\nbuckets = ['7 owner=node public', '8 owner=node']",
        "[chain]\nnetwork = 'dev'\nendpoints = ['own=ws://127.0.0.1:1']\noperator_key = '" + "0f" * 32 + "'",
        "[chain]\nspec_file = '/etc/chain.json'\ncheckpoint_file = '/etc/checkpoint.json'",
        "[ddc]\ndoors = ['storage grpc=127.0.0.1:9092 http=127.0.0.1:8092', 'cache grpc=127.0.0.1:0 http=[::1]:0']",
    ],
)
def test_good_settings_pass(text: str) -> None:
    """What is allowed raises nothing."""
    validate(loaded(text))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[http]\nlisten = '0.0.0.0:80'", ("http.listen", "http.plain")),
        ("[http]\nlisten = '[::]:80'", ("http.listen", "http.plain")),
        ("[http]\ncertificate_file = 'a'", ("http.certificate_file", "http.certificate_key_file")),
        ("[http]\ncertificate_key_file = 'a'", ("http.certificate_key_file", "http.certificate_file")),
        ("[http]\nconnections_per_address_max = 5000", ("http.connections_per_address_max", "http.connections_max")),
        ("[grpc]\nconnections_per_address_max = 5000", ("grpc.connections_per_address_max", "grpc.connections_max")),
        ("[grpc]\nlisten = '0.0.0.0:80'", ("grpc.listen", "grpc.plain")),
        ("[grpc]\nlisten = '127.0.0.1:8091'", ("grpc.listen", "http.listen")),
        ("[ddc]\ndoors = ['full grpc=0.0.0.0:80']", ("ddc.doors", "grpc.plain")),
        ("[ddc]\ndoors = ['full http=0.0.0.0:80']", ("ddc.doors", "http.plain")),
        ("[ddc]\ndoors = ['full http=127.0.0.1:9091']", ("ddc.doors", "grpc.listen")),
        ("[ddc]\ndoors = ['full http=127.0.0.1:1 grpc=127.0.0.1:1']", ("ddc.doors",)),
        ("[chain]\nnetwork = 'dev'\nspec_file = '/a'", ("chain.network", "chain.spec_file")),
        ("[chain]\nendpoints = ['own=ws://a']", ("chain.endpoints", "chain.network")),
        ("[chain]\ncheckpoint_file = '/a'", ("chain.checkpoint_file", "chain.network")),
        ("[journal]\nsegment_bytes = 1048576", ("journal.preallocate_bytes", "journal.segment_bytes")),
        ("[ingest]\npage_bytes_max = 5", ("ingest.body_bytes_max", "ingest.page_bytes_max")),
    ],
)
def test_conflicts_name_both_settings(text: str, names: tuple[str, ...]) -> None:
    """Two values that do not go together are both named, the first with its place."""
    with pytest.raises(SettingsConflict) as caught:
        validate(loaded(text))
    assert caught.value.names == names


def test_a_conflict_stands_at_the_line_that_set_it() -> None:
    """The message leads to the line to change, and hides secrets."""
    with pytest.raises(SettingsConflict, match=r"^e\.toml:2: `http\.certificate_key_file`") as caught:
        validate(loaded("[http]\ncertificate_key_file = 'hunter2'"))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "[http]\nlisten = '8091'",
        "[http]\nlisten_tls = '0.0.0.0:99999'",
        "[http]\nidle_timeout_s = inf",
        "[http]\nidle_timeout_s = nan",
        "[http]\nidle_timeout_s = 0",
        "[http]\norigins = ['*']",
        "[http]\norigins = ['app.example']",
        "[http]\norigins = ['https://app.example/']",
        "[http]\norigins = ['https://App.example']",
        "[journal]\ngather_ms = 2.5",
        "[ingest]\nbody_bytes_max = 1048577",
        "[node]\ndata_dir = 'here'",
        "[node]\nname = ''",
        "[retention]\nrules = ['site age=30']",
        "[retention]\nage_s = -1",
        "[grpc]\nlisten = '9091'",
        "[ddc]\ndoors = ['other grpc=127.0.0.1:9092']",
        "[ddc]\nmode = 'light'",
        "[ddc]\nbuckets = ['7 owner=nobody']",
    ],
)
def test_values_out_of_reason_are_unfit(text: str) -> None:
    """Addresses that are none and numbers without sense are refused by name and line."""
    with pytest.raises(UnfitSetting, match=r"^e\.toml:2: "):
        validate(loaded(text))


def test_a_queue_too_small_for_a_body() -> None:
    """The largest body must fit where it waits; the default queue is as large as its floor allows it."""
    with pytest.raises(SettingsError):
        validate(loaded("[ingest]\nqueue_bytes_max = 5"))


def test_viewers_never_get_the_operators_socket() -> None:
    """One path for both sockets is a conflict, named by both settings."""
    raw = b'[control]\nsocket = "/run/a.sock"\nview_socket = "/run/a.sock"\n'
    with pytest.raises(SettingsConflict, match="viewers"):
        validate(resolve(raw, "f.toml", {}))


@pytest.mark.parametrize("name", ["ingest.queue_bodies_max", "http.connections_max", "clock.ahead_max_s"])
def test_an_integer_has_an_end(name: str) -> None:
    """Beyond 2^53 a reader of JSON rounds it, beyond 2^63 no database takes it."""
    section, _, leaf = name.partition(".")
    validate(loaded(f"[{section}]\n{leaf} = {2**53 - 1}"))
    with pytest.raises(UnfitSetting, match=rf"e.toml:2: `{name}` wants an integer below 2\^53"):
        validate(loaded(f"[{section}]\n{leaf} = {2**53}"))
    with pytest.raises(UnfitSetting, match="a larger one"):
        validate(loaded(f"[{section}]\n{leaf} = {10**400}"))


def test_an_endpoint_is_not_repeated_in_an_error() -> None:
    """Providers put their customers' keys into the address."""
    with pytest.raises(UnfitSetting, match="two are at one address") as caught:
        validate(loaded("[chain]\nnetwork = 'dev'\nendpoints = ['a=wss://x/SECRET', 'b=wss://x/SECRET']"))
    assert "SECRET" not in str(caught.value)
