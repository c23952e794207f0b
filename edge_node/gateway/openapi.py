"""The OpenAPI 3.1 document of the HTTP door, made from the operations that are declared beside its routes."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from edge_node.base.refusals import title_of
from edge_node.gateway.anchors import READ_ANCHORS
from edge_node.gateway.bearer import POST_BEARER
from edge_node.gateway.ddc_operations import (
    GET_CONTENT,
    GET_NAME,
    GET_NODE,
    GET_NODE_BELOW,
    PREFLIGHT,
    PUT_NAME,
    PUT_NODE,
)
from edge_node.gateway.ddc_web import WEB_OPERATIONS
from edge_node.gateway.events import POST_EVENTS
from edge_node.gateway.metrics import GET_METRICS
from edge_node.gateway.operation import Answer, Auth, Operation, Parameter
from edge_node.gateway.pieces import DELETE_PIECE, GET_PIECE, POST_PIECE, PUT_PIECE
from edge_node.gateway.status import GET_HEALTH, GET_INFO, GET_READINESS
from edge_node.gateway.streams import LIST_STREAMS, READ_STREAM
from edge_node.serving import Request, Response, Router
from edge_node.serving.problems import PROBLEM_TYPE, problem_registry

GET_OPENAPI = Operation(
    method="GET",
    path="/api/v1/openapi.json",
    id="getOpenApi",
    about="This document.",
    auth=Auth.NOTHING,
    answers={200: Answer(about="OpenAPI 3.1.", schema={"type": "object"})},
)

OPERATIONS: tuple[Operation, ...] = (
    *POST_EVENTS,
    LIST_STREAMS,
    READ_STREAM,
    READ_ANCHORS,
    POST_PIECE,
    PUT_PIECE,
    GET_PIECE,
    DELETE_PIECE,
    POST_BEARER,
    GET_HEALTH,
    GET_READINESS,
    GET_INFO,
    GET_METRICS,
    GET_OPENAPI,
    GET_CONTENT,
    PREFLIGHT,
    PUT_NODE,
    GET_NODE,
    GET_NODE_BELOW,
    PUT_NAME,
    GET_NAME,
    *WEB_OPERATIONS,
)

_ABOUT = """Events, pieces and buckets over HTTP; docs/specs/http.md says it in prose and wins where this says less.

Every refusal is an RFC 9457 problem whose `type` ends in the slug. `HEAD` is answered wherever `GET` is. Query members
that are not named are ignored."""
_SCHEMES = {
    "eventSignature": {
        "type": "apiKey",
        "in": "header",
        "name": "Edge-Signature",
        "description": "Signs an event body (docs/specs/signed-event.md).",
    },
    "requestSignature": {
        "type": "apiKey",
        "in": "header",
        "name": "Edge-Request",
        "description": "Signs a request (docs/specs/signed-request.md).",
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "Reads for some minutes; POST /api/v1/bearer makes one (docs/specs/subscriptions.md).",
    },
    "ddcToken": {
        "type": "apiKey",
        "in": "header",
        "name": "Token",
        "description": "A DDC token in base58 (docs/specs/ddc-access.md); as `Authorization: Bearer` too.",
    },
    "ddcTokenInUrl": {
        "type": "apiKey",
        "in": "query",
        "name": "token",
        "description": "One that names the bucket, to read its content.",
    },
}
_SECURITY: dict[Auth, list[dict[str, list[str]]]] = {
    Auth.NOTHING: [],
    Auth.EVENT: [{"eventSignature": []}],
    Auth.REQUEST: [{"requestSignature": []}],
    Auth.BEARER: [{"requestSignature": []}, {"bearer": []}],
    Auth.TOKEN: [{"ddcToken": []}, {"ddcTokenInUrl": []}, {}],
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457; further members carry the refusal's own data.",
    "properties": {
        "type": {"type": "string", "pattern": "^urn:edge-node:problem:[a-z0-9-]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "remedy": {"type": "string"},
        "instance": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail", "remedy"],
}


class OpenApiRoutes:
    """The document's own door; it is made when it is first asked for."""

    def __init__(self, version: str) -> None:
        self._version, self._answer = version, Response(204)

    def add_to(self, router: Router) -> None:
        """Register the route."""
        GET_OPENAPI.mount(router, self.get)

    async def get(self, _request: Request) -> Response:
        """The document, the same for everybody."""
        if self._answer.status != 200:
            headers = (("content-type", "application/json"), ("cache-control", "public, max-age=300"))
            self._answer = Response(200, headers, msgspec.json.encode(describe(OPERATIONS, self._version)))
        return self._answer


def describe(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """The document as a value."""
    statuses = statuses_of({slug for operation in operations for slug in operation.slugs})
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        path = operation.path.replace(":path}", "}").replace(":number}", "}")
        paths.setdefault(path, {})[operation.method.lower()] = _describe_one(operation, statuses)
    return {
        "openapi": "3.1.0",
        "info": {"title": "edge_node", "version": version, "description": _ABOUT, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {"Problem": _PROBLEM},
            "securitySchemes": _SCHEMES,
        },
        "x-problems": {slug: {"status": statuses[slug], "title": title_of(slug)} for slug in sorted(statuses)},
    }


def statuses_of(slugs: Iterable[str]) -> dict[str, int]:
    """The status of each slug, as the registry of refusals has it; KeyError for a slug that no refusal carries."""
    registry = problem_registry()
    # `internal` is the slug of no refusal: rooms' roots inherit it, and what carries it outside is our own fault.
    return {slug: 500 if slug == "internal" else registry[slug][0].status for slug in slugs}


def _describe_one(operation: Operation, statuses: dict[str, int]) -> dict[str, Any]:
    described: dict[str, Any] = {"operationId": operation.id, "summary": operation.about}
    if security := _SECURITY[operation.auth]:
        described["security"] = security
    if operation.parameters:
        described["parameters"] = [_describe_parameter(parameter) for parameter in operation.parameters]
    if (body := operation.body) is not None:
        content = {name: {"schema": schema} for name, schema in body.types.items()}
        described["requestBody"] = {"description": body.about, "required": body.required, "content": content}
    described["responses"] = _describe_responses(operation, statuses)
    return described


def _describe_parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.required,
        "description": parameter.about,
        "schema": parameter.schema,
    }


def _describe_responses(operation: Operation, statuses: dict[str, int]) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for slug in operation.slugs:
        by_status.setdefault(statuses[slug], []).append(slug)
    responses = {}
    for status in sorted({*operation.answers, *by_status}):
        answer, slugs = operation.answers.get(status), sorted(by_status.get(status, ()))
        responses[str(status)] = _describe_response(status, answer, slugs)
    return responses


def _describe_response(status: int, answer: Answer | None, slugs: Sequence[str]) -> dict[str, Any]:
    said = [answer.about] if answer is not None else [HTTPStatus(status).phrase + "."]
    content: dict[str, Any] = {}
    if answer is not None and answer.type:
        content |= {name: {"schema": schema} for name, schema in {answer.type: answer.schema, **answer.or_else}.items()}
    described: dict[str, Any] = {"description": " ".join(said)}
    if slugs:
        content[PROBLEM_TYPE] = {"schema": {"$ref": "#/components/schemas/Problem"}}
        described["x-problem-slugs"] = slugs
    if answer is not None and answer.headers:
        described["headers"] = {
            name: {"description": about, "schema": {"type": "string"}} for name, about in answer.headers.items()
        }
    if content:
        described["content"] = content
    return described
