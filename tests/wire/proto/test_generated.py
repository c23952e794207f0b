"""The generated DDC messages are those of their .proto files, and encode as the official SDK does."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge_node.wire.proto import activity_report_pb2, auth_token_pb2, cns_pb2, dag_pb2, file_pb2

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "edge_node/wire/proto"
VECTORS = {v["id"]: v for v in json.loads((ROOT / "tests/vectors/ddc.json").read_text())["vectors"]}

ENCODED = {
    "token-grant-parent": (auth_token_pb2.AuthToken, "tokenProtoHex"),
    "token-sr25519": (auth_token_pb2.AuthToken, "tokenProtoHex"),
    "activity-store-raw": (activity_report_pb2.ActivityRequest, "activityProtoHex"),
    "cns-put": (cns_pb2.PutRequest, "putRequestProtoHex"),
    "dag-leaf": (dag_pb2.PutRequest, "putRequestProtoHex_bucket7"),
    "dag-empty": (dag_pb2.PutRequest, "putRequestProtoHex_bucket7"),
    "multipart-partsize-rounding": (file_pb2.PutMultiPartPieceRequest, "requestProtoHex"),
}


def test_generated_code_is_not_stale(tmp_path):
    """Making it anew gives the very files that are checked in (otherwise: `make proto`)."""
    place = tmp_path / "edge_node/wire/proto"
    place.mkdir(parents=True)
    sources = sorted(FOLDER.glob("*.proto"))
    for source in sources:
        shutil.copy(source, place)
    protoc = [sys.executable, "-m", "grpc_tools.protoc", "-I.", "--python_out=.", "--pyi_out=."]
    names = [source.relative_to(ROOT).as_posix() for source in sources]
    subprocess.run([*protoc, *names], cwd=tmp_path, check=True, timeout=120)
    made = {path.name: path.read_text() for path in place.glob("*_pb2.py*")}
    assert made == {path.name: path.read_text() for path in FOLDER.glob("*_pb2.py*")}


@pytest.mark.parametrize("name", ENCODED)
def test_messages_are_those_of_the_sdk(name):
    """What the SDK encoded is decoded without an unknown field and encoded to the same bytes."""
    message, key = ENCODED[name]
    raw = bytes.fromhex(VECTORS[name][key])
    assert message.FromString(raw).SerializeToString(deterministic=True) == raw


def test_methods_are_named_as_on_the_wire():
    """The services' full names and methods are the paths of the calls, case included."""
    services = [
        *file_pb2.DESCRIPTOR.services_by_name.values(),
        *dag_pb2.DESCRIPTOR.services_by_name.values(),
        *cns_pb2.DESCRIPTOR.services_by_name.values(),
    ]
    assert [f"/{service.full_name}/{method.name}" for service in services for method in service.methods] == [
        "/file.FileApi/putRawPiece",
        "/file.FileApi/putMultipartPiece",
        "/file.FileApi/getFile",
        "/dag.DagApi/Put",
        "/dag.DagApi/Get",
        "/cns.CnsApi/Put",
        "/cns.CnsApi/Get",
    ]
