"""`edge-node stream`."""

from pathlib import Path

import msgspec
import pytest

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import StreamName
from edge_node.cli import main
from edge_node.trust.keys import SigningKey
from edge_node.trust.keystore import write_key_file
from edge_node.trust.signed_event import format_event_header, sign_event
from tests.client.rig import TinyNode

KEY = SigningKey.from_seed(b"r" * 32)
CLOUD = b'{"specversion":"1.0","id":"1","source":"s","type":"heat","data":{"celsius":21.5}}'


def post(node: TinyNode, seq: int, content_type: str, body: bytes) -> None:
    header = sign_event(
        KEY, audience=node.vault, stream=StreamName("site/a"), content_type=content_type, seq=seq,
        t_ms=1_790_000_000_123, quality=ClockQuality.UNSYNCED, body=body,
    )  # fmt: skip
    node.post(format_event_header(header), content_type, body)


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    """A reader's key."""
    write_key_file(tmp_path / "key", KEY)
    return str(tmp_path / "key")


def test_a_page_is_a_table_of_what_was_read(key_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """CloudEvents show their data; control characters of a device do not reach the terminal."""
    with TinyNode() as node:
        post(node, 1, "application/cloudevents+json", CLOUD)
        post(node, 2, "text/plain", b"\x1b[2Jgone\n" + b"x" * 200)
        assert main(["stream", "read", "site/a", "--node", node.url, "--key", key_file, "--proof"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["offset", "signed", "at", "key", "type", "data"]
    assert lines[1].split() == ["0", "2026-09-21T14:13:20.123Z", KEY.public.hex()[:8], "heat", '{"celsius":21.5}']
    assert "\x1b" not in lines[2]
    assert lines[2].endswith("…")
    assert lines[3] == "next 2 of 2, all proofs hold"


def test_json_is_the_page_as_it_came(key_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """From an offset, with proofs, fit for `edge-node verify`."""
    with TinyNode() as node:
        post(node, 1, "application/cloudevents+json", CLOUD)
        post(node, 2, "application/cloudevents+json", CLOUD)
        arguments = ["--from", "1", "--limit", "1", "--proof", "--json", "--node", node.url, "--key", key_file]
        assert main(["stream", "read", "site/a", *arguments]) == 0
    page = msgspec.json.decode(capsys.readouterr().out)
    assert [event["offset"] for event in page["events"]] == [1]
    assert len(page["proofs"]) == 1


def test_a_page_that_lies_is_not_shown(key_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1 and not one event on standard output."""
    with TinyNode() as node:
        post(node, 1, "application/cloudevents+json", CLOUD)
        node.spoil = lambda page: page["events"][0].update(seq=9)
        assert main(["stream", "read", "site/a", "--proof", "--node", node.url, "--key", key_file]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "the proof does not hold" in shown.err


def test_an_unknown_stream_is_told_in_the_nodes_words(key_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Detail and slug."""
    with TinyNode() as node:
        assert main(["stream", "read", "site/none", "--node", node.url, "--key", key_file]) == 1
    assert "unknown-stream" in capsys.readouterr().err


def test_streams_are_listed(key_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One row each, aligned."""
    with TinyNode() as node:
        post(node, 1, "text/plain", b"x")
        assert main(["stream", "list", "--node", node.url, "--key", key_file]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[:4] == ["stream", "events", "bodies", "bytes"]
    assert row.split()[0] == "site/a"
    assert head.index("events") == row.index("1")
