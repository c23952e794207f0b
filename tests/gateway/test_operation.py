"""Declarations of routes."""

from edge_node.gateway.operation import BEARER, EVERYWHERE, SIGNED_REQUEST, WITH_BODY, Answer, Auth, Body, Operation
from edge_node.serving import Request, Response, Router


async def handler(_request: Request) -> Response:
    return Response(204)


def operation(**changed: object) -> Operation:
    said: dict[str, object] = {"method": "GET", "path": "/a/{b}", "id": "a", "about": "A.", "answers": {}}
    return Operation(**(said | changed))  # type: ignore[arg-type]


def test_a_declaration_is_what_is_mounted() -> None:
    """Method and template have one home."""
    router = Router()
    operation().mount(router, handler)
    assert list(router.routes()) == [("GET", "/a/{b}")]


def test_problems_follow_from_what_a_request_carries() -> None:
    """A signature brings its refusals, a body brings its own, and every request those of the door."""
    assert set(operation(auth=Auth.NOTHING).slugs) == set(EVERYWHERE)
    assert set(operation().slugs) == {*EVERYWHERE, *SIGNED_REQUEST}
    assert set(operation(auth=Auth.BEARER).slugs) == {*EVERYWHERE, *SIGNED_REQUEST, *BEARER}
    carrying = operation(auth=Auth.NOTHING, body=Body(about="Bytes.", types={}), refusals=("malformed-cid",))
    assert set(carrying.slugs) == {*EVERYWHERE, *WITH_BODY, "malformed-cid"}
    assert len(carrying.slugs) == len(set(carrying.slugs))


def test_an_answer_is_json_unless_it_says_otherwise() -> None:
    """The common case needs no word."""
    assert Answer(about="Done.").type == "application/json"
