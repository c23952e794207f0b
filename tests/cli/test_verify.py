"""`edge-node verify`: offline, from files alone."""

from pathlib import Path

import msgspec
import pytest

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import StreamName, VaultId
from edge_node.cli import main
from edge_node.trust.keys import SigningKey
from edge_node.trust.signed_event import format_event_header, sign_event
from edge_node.wire.cid import format_cid, raw_piece_cid
from tests.client.rig import TinyNode

KEY = SigningKey.from_seed(b"r" * 32)
BODY, TYPE = b'{"a":1}\n{"a":2}\n', "application/x-ndjson"


def sign(vault: VaultId, seq: int) -> str:
    header = sign_event(
        KEY, audience=vault, stream=StreamName("s"), content_type=TYPE, seq=seq, t_ms=7,
        quality=ClockQuality.UNSYNCED, body=BODY,
    )  # fmt: skip
    return format_event_header(header)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A saved page of two bodies."""
    node = TinyNode()
    for seq in (1, 2):
        node.post(sign(node.vault, seq), TYPE, BODY)
    file = tmp_path / "page.json"
    file.write_bytes(node.page("s", 0, 10, proof=True))
    return file


def test_a_saved_page_is_checked_body_by_body(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line per body with what was signed, one for the page."""
    assert main(["verify", str(page)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:3] for line in lines[:3]] == ["ok "] * 3
    assert f"key {KEY.public}  seq 1" in lines[0]
    assert lines[-1] == "hash, signature and place of every event hold"


def test_what_does_not_hold_is_named_and_the_exit_code_is_one(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The other body is still checked and shown."""
    value = msgspec.json.decode(page.read_bytes())
    value["proofs"][0]["signature"] = value["proofs"][0]["signature"].replace("t=7", "t=8")
    page.write_bytes(msgspec.json.encode(value))
    assert main(["verify", str(page), "--json"]) == 1
    verdicts = msgspec.json.decode(capsys.readouterr().out)
    assert [verdict["holds"] for verdict in verdicts] == [False, True, False]
    assert "signature" in verdicts[0]["why"]
    assert main(["verify", str(page)]) == 1
    assert capsys.readouterr().out.endswith("2 of 3 do not hold\n")


def test_a_body_is_checked_with_its_header_and_cid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All it takes is a file and three texts."""
    file, cid = tmp_path / "body", format_cid(raw_piece_cid(BODY))
    file.write_bytes(BODY)
    arguments = ["verify", "--body", str(file), "--signature", sign(VaultId(b"v" * 32), 1), "--content-type", TYPE]
    assert main([*arguments, "--cid", cid]) == 0
    file.write_bytes(BODY + b"{}")
    assert main([*arguments, "--cid", cid]) == 1
    assert "does not hash" in capsys.readouterr().out


def test_only_trusted_keys_count_when_some_are_named(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A valid signature by a stranger is a stranger's word."""
    assert main(["verify", str(page), "--key", str(KEY.public)]) == 0
    assert main(["verify", str(page), "--key", "00" * 32]) == 1
    assert "none of --key" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["--body", "x"], ["page.json", "--body", "x"]])
def test_half_a_question_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The remedy says what belongs together."""
    assert main(["verify", *arguments]) == 1
    assert "nothing to verify" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["no page", '{"stream": "s", "vault": "", "events": [], "next": 0, "end": 0}'])
def test_a_file_that_is_no_page_with_proofs_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing was checked, and that is not the same as nothing was wrong."""
    (tmp_path / "page").write_text(text)
    assert main(["verify", str(tmp_path / "page")]) == 1
    assert "nothing to verify" in capsys.readouterr().err


ANCHORS = msgspec.json.decode((Path(__file__).parents[1] / "vectors/trust/retention_anchor.json").read_bytes())


def anchors_file(folder: Path, *numbers: int) -> Path:
    """A saved answer with these anchors of the vectors."""
    entries = []
    for number in numbers:
        vector = ANCHORS["vectors"][number - 1]
        first = msgspec.json.decode(vector["payload"])["first"]
        documents = {
            "anchor": msgspec.Raw(vector["envelope"].encode()),
            "certificate": msgspec.Raw(ANCHORS["certificate"].encode()),
        }
        entries.append({"number": number, "first": first, **documents})
    said = {
        "stream": "site/temperature",
        "vault": ANCHORS["node_key_hex"],
        "first": 108,
        "anchors": entries,
        "next": 3,
        "end": 3,
    }
    file = folder / "anchors.json"
    file.write_bytes(msgspec.json.encode(said))
    return file


def test_saved_anchors_are_checked_without_a_node(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, one for the chain; the node key is told, and compared where one is given."""
    file = anchors_file(tmp_path, 1, 2)
    assert main(["verify", "--anchors", str(file), "--key", ANCHORS["node_key_hex"]]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:3] for line in lines[:3]] == ["ok "] * 3
    assert ANCHORS["node_key_hex"] in lines[0]
    assert lines[-1] == "every anchor holds, without a break"
    assert main(["verify", "--anchors", str(file), "--key", "00" * 32]) == 1
    assert "none of --key" in capsys.readouterr().out


def test_anchors_in_a_false_order_do_not_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each holds by itself; the row does not."""
    assert main(["verify", "--anchors", str(anchors_file(tmp_path, 2, 1))]) == 1
    assert "1 of 3 do not hold" in capsys.readouterr().out
