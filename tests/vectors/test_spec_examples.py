"""The worked examples of docs/specs are the vectors, so that a reader who follows them arrives."""

import json
from pathlib import Path

import pytest

from edge_node.trust.auth_token import parse_token
from edge_node.wire.cid import format_cid, raw_piece_cid

ROOT = Path(__file__).parents[2]


def first_vector(name: str) -> dict:
    """The first vector of a file."""
    return json.loads((ROOT / "tests/vectors/trust" / name).read_text())["vectors"][0]


def text_of(spec: str) -> str:
    """A specification without white space: its hex is broken into lines by field."""
    return "".join((ROOT / "docs/specs" / spec).read_text().split())


EVENT, REQUEST = first_vector("signed_event.json"), first_vector("signed_request.json")
DOCUMENT, ANCHOR = first_vector("signed_document.json"), first_vector("retention_anchor.json")
TOKEN = next(
    vector
    for vector in json.loads((ROOT / "tests/vectors/ddc.json").read_text())["vectors"]
    if vector["id"] == "token-bearer-get"
)
CHECKPOINTS = json.loads((ROOT / "tests/vectors/chain/checkpoint.json").read_text())
PINS = json.loads((ROOT / "tests/vectors/chain/metadata-pin.json").read_text())
BODY = bytes.fromhex(EVENT["body_hex"])


@pytest.mark.parametrize(
    ("spec", "example"),
    [
        ("signed-event.md", EVENT["message_hex"]),
        ("signed-event.md", EVENT["signature_hex"]),
        ("signed-event.md", EVENT["header"]),
        ("signed-event.md", EVENT["frame_hex"].removesuffix(EVENT["body_hex"])),
        ("signed-event.md", BODY.decode()),
        ("signed-request.md", REQUEST["message_hex"]),
        ("signed-request.md", REQUEST["signature_hex"]),
        ("signed-request.md", REQUEST["header"]),
        ("signed-document.md", DOCUMENT["payload"]),
        ("signed-document.md", DOCUMENT["envelope"]),
        ("signed-document.md", DOCUMENT["message_hex"][:74]),
        ("retention.md", ANCHOR["payload"]),
        ("retention.md", ANCHOR["digest_hex"]),
        ("retention.md", ANCHOR["envelope"]),
        ("checkpoint.md", CHECKPOINTS["vectors"][3]["payload"]),
        ("checkpoint.md", CHECKPOINTS["vectors"][3]["envelope"]),
        ("checkpoint.md", CHECKPOINTS["vectors"][3]["digest_hex"]),
        ("checkpoint.md", CHECKPOINTS["vectors"][3]["block_hex"]),
        ("checkpoint.md", CHECKPOINTS["parts"][-1]),
        ("metadata-pin.md", PINS["vectors"][1]["payload"]),
        ("metadata-pin.md", PINS["vectors"][1]["envelope"]),
        ("metadata-pin.md", PINS["vectors"][1]["digest_hex"]),
        ("cid.md", BODY.decode()),
        ("cid.md", raw_piece_cid(BODY).hex()),
        ("cid.md", format_cid(raw_piece_cid(BODY))),
        ("ddc-access.md", TOKEN["signedBytesHex"]),
        ("ddc-access.md", TOKEN["signatureHex"]),
        ("ddc-access.md", TOKEN["tokenBase58"]),
        ("ddc-access.md", parse_token(TOKEN["tokenBase58"]).last.digest.hex()),
    ],
    ids=lambda value: value[:20],
)
def test_the_example_is_the_vector(spec, example):
    """Each value of the worked example stands in the specification as the vector has it."""
    assert "".join(example.split()) in text_of(spec)
