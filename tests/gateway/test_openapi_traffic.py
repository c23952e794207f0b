"""Requests made up from the OpenAPI document, right ones and wrong ones, against a running node."""

import base64
import contextlib
import copy
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import requests  # noqa: TID251 - what schemathesis speaks HTTP with; no part of the product
import schemathesis
import trio
from blake3 import blake3
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import load_all_checks
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from edge_node.base.ids import MalformedId, StreamName
from edge_node.gateway.events import POST_EVENTS
from edge_node.gateway.openapi import OPERATIONS, describe
from edge_node.gateway.operation import Auth
from edge_node.trust.signed_event import format_event_header
from edge_node.wire.cid import CidKind, format_cid, make_cid, raw_piece_cid
from edge_node.wire.dag_node import DagNode, Link, write_node
from tests.gateway.rig import JSON, RunningNode, Site, running
from tests.gateway.wallet import Wallet, text_of

pytestmark = pytest.mark.filterwarnings("ignore")  # of the library that makes the requests up

EXAMPLES = 30  # of each operation and kind: 17 operations and two kinds in some twenty seconds
CHECKS = (status_code_conformance, content_type_conformance, response_schema_conformance)
PIECE, DOOMED = b"a piece to be read", b"a piece to be deleted"
OWNER, BUCKET = Wallet("owner"), 7
LEAF = DagNode(b"a leaf", [], [])
LEAF_CID = make_cid(CidKind.DAG_NODE, blake3(write_node(LEAF)).digest())
ROOT = DagNode(b"", [Link(bytes(LEAF_CID), "leaf", 0)], [])
ROOT_TEXT = format_cid(make_cid(CidKind.DAG_NODE, blake3(write_node(ROOT)).digest()))
# A body that hashes to the CID in the URL or is signed, or a WebSocket, is not to be had by making things up.
NEVER_RIGHT = frozenset({"putPiece", "putName", "callFileApi", "callDagApi", "callCnsApi"})
# A path that may be any text cannot be wrong.
NEVER_WRONG = frozenset({"callFileApi", "callDagApi", "callCnsApi"})
# What is to be found, where something is.
FINDING = {
    "readStream": {"stream": "site/a"},
    "getPiece": {"cid": format_cid(raw_piece_cid(PIECE))},
    "deletePiece": {"cid": format_cid(raw_piece_cid(DOOMED))},
    "getContent": {"bucket": str(BUCKET), "path": format_cid(LEAF_CID)},
    "putNode": {"bucket": str(BUCKET)},
    "getNode": {"bucket": str(BUCKET), "cid": ROOT_TEXT},
    "getNodeBelow": {"bucket": str(BUCKET), "cid": ROOT_TEXT, "path": "leaf"},
    "putName": {"bucket": str(BUCKET)},
    "getName": {"bucket": str(BUCKET)},
}


class Signed(requests.auth.AuthBase):
    """Signs a request as it is about to leave, which is when its target and body are what will be received."""

    def __init__(self, node: RunningNode, auth: Auth, who: str = "neighbour") -> None:
        self._node, self._auth, self._who = node, auth, who

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
        if self._auth is Auth.EVENT:
            content_type = request.headers.setdefault("content-type", JSON)
            text = content_type if isinstance(content_type, str) else content_type.decode("latin-1")
            with contextlib.suppress(ValueError, AssertionError):  # a type that cannot be signed is sent unsigned
                header = self._node.event(body, self._who, stream=named_in(request.path_url), content_type=text)
                request.headers["edge-signature"] = format_event_header(header)
        elif self._auth is Auth.TOKEN:
            request.headers["token"] = text_of(OWNER.token(bucket=BUCKET))
        elif self._auth is not Auth.NOTHING:
            proof = self._node.proof(request.method or "", request.path_url, body, self._who)
            request.headers["edge-request"] = proof
        return request


def named_in(target: str) -> StreamName:
    """The stream in the URL of an event post; any other where it names none."""
    try:
        return StreamName(unquote(urlsplit(target).path.partition("/events/")[2]))
    except MalformedId:
        return StreamName("site/a")


def document() -> dict[str, Any]:
    """The document, with what exists where something is to be found."""
    described = copy.deepcopy(describe(OPERATIONS, "1"))
    for path in described["paths"].values():
        for operation in path.values():
            found = FINDING.get(operation["operationId"], {})
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path" and parameter["name"] in found:
                    parameter["schema"] = {"enum": [found[parameter["name"]]]}
    return described


def try_all(node: RunningNode, operation_id: str, mode: GenerationMode) -> dict[int, int]:
    """Make up requests of one operation, signed and not, and hold every answer against the document."""
    schema = schemathesis.openapi.from_dict(document())
    operation = schema.find_operation_by_id(operation_id)
    declared = next(one for one in OPERATIONS if one.id == operation_id)
    met: dict[int, int] = {}
    with requests.Session() as session:

        def attempt(case: schemathesis.Case, auth: requests.auth.AuthBase | None) -> None:
            answer = case.call(base_url=node.url, session=session, auth=auth, timeout=30)
            met[answer.status_code] = met.get(answer.status_code, 0) + 1
            assert answer.status_code < 500, answer.content
            case.validate_response(answer, checks=list(CHECKS))

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def run(case: schemathesis.Case) -> None:
            attempt(case, Signed(node, declared.auth))
            attempt(case, None)

        run()
    return met


async def put_node(node: RunningNode, wanted: DagNode) -> None:
    """Store a node in the bucket."""
    links = [{"cid": base64.b64encode(link.cid).decode(), "name": link.name} for link in wanted.links]
    message = {"node": {"data": base64.b64encode(bytes(wanted.data)).decode(), "links": links}}
    said = {"token": text_of(OWNER.token(bucket=BUCKET))}
    assert (await node.client.post(f"/v1/dag/{BUCKET}", json=message, headers=said)).status_code == 200


load_all_checks()


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
async def test_every_answer_is_as_described(site: Site, mode: GenerationMode) -> None:
    """No 500; every status, media type and JSON answer is in the document, for right requests and for wrong ones."""
    met: dict[str, dict[int, int]] = {}
    buckets = (f"{BUCKET} owner={OWNER.account.hex()} public",)
    async with running(site, http={"metrics": True}, ddc={"buckets": buckets}) as node:
        assert (await node.say(b'{"known":true}', "neighbour")).status_code == 202
        for piece in (PIECE, DOOMED):
            assert (await node.ask("POST", "/api/v1/pieces", piece)).status_code == 201
        for one in (LEAF, ROOT):
            await put_node(node, one)
        for operation in OPERATIONS:
            if mode is GenerationMode.NEGATIVE and not operation.parameters and operation.body is None:
                continue  # there is nothing to get wrong
            if mode is GenerationMode.NEGATIVE and operation.id in NEVER_WRONG:
                continue
            met[operation.id] = await trio.to_thread.run_sync(try_all, node, operation.id, mode)
        await node.is_healthy()
    if mode is GenerationMode.POSITIVE:
        # The signatures hold: requests get beyond the door and are answered, not only refused.
        right = {name for name, statuses in met.items() if any(200 <= status < 300 for status in statuses)}
        assert met.keys() - right == NEVER_RIGHT


def test_signing_covers_every_way_to_ask() -> None:
    """Each kind of signature is used by an operation of the document."""
    assert {operation.auth for operation in OPERATIONS} == set(Auth)
    assert {operation.auth for operation in POST_EVENTS} == {Auth.EVENT}
