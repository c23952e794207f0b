"""Paths to handlers."""

import pytest

from edge_node.serving.refusals import MethodNotAllowed, PathUnknown
from edge_node.serving.request import Request
from edge_node.serving.response import Response
from edge_node.serving.router import Router
from edge_node.wire.http1_errors import HttpMisuse
from edge_node.wire.http1_head import HeadLimits, parse_head
from tests.serving.test_request import Pieces


def names(name: str) -> object:
    """A handler that answers its own name and the parameters."""

    async def handler(request: Request) -> Response:
        return Response(200, [("x-name", name)], repr(request.params).encode())

    return handler


def table() -> Router:
    """A table like the node's."""
    router = Router()
    for method, template, name in [
        ("GET", "/", "root"),
        ("GET", "/a/b", "literal"),
        ("POST", "/a/b", "post"),
        ("GET", "/a/{x}", "one"),
        ("PUT", "/a/{x}", "put"),
        ("GET", "/a/{x}/c", "inner"),
        ("GET", "/s/{rest:path}", "rest"),
        ("POST", "/only", "only"),
        ("GET", "/{n:number}/{rest:path}", "numbered"),
    ]:
        router.add(method, template, names(name))  # type: ignore[arg-type]
    return router


async def ask(method: str, target: str) -> tuple[str, str]:
    """Which handler answered, with which parameters."""
    raw = f"{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    response = await table().dispatch(Request(parse_head(raw, HeadLimits()), Pieces()))
    assert isinstance(response.body, bytes)
    return response.headers[0][1], response.body.decode()


@pytest.mark.parametrize(
    ("method", "target", "name", "params"),
    [
        ("GET", "/", "root", {}),
        ("GET", "/a/b", "literal", {}),
        ("GET", "/a/b?q=/x", "literal", {}),
        ("GET", "/%61/b", "literal", {}),
        ("POST", "/a/b", "post", {}),
        ("HEAD", "/a/b", "literal", {}),
        ("GET", "/a/z", "one", {"x": "z"}),
        ("PUT", "/a/z%20%C3%A4", "put", {"x": "z ä"}),
        ("GET", "/a%2Fb", None, None),
        ("GET", "/a/b%2Fc", "one", {"x": "b/c"}),
        ("GET", "/a/b/c", "inner", {"x": "b"}),
        ("GET", "/s/x/y/z", "rest", {"rest": "x/y/z"}),
        ("GET", "/s/x", "rest", {"rest": "x"}),
        ("GET", "/s/", None, None),
        ("GET", "/s", None, None),
        ("GET", "/a/", None, None),
        ("GET", "/a", None, None),
        ("GET", "/a/b/", None, None),
        ("GET", "//a/b", None, None),
        ("GET", "/7/x/y", "numbered", {"n": "7", "rest": "x/y"}),
        ("GET", "/18446744073709551615/x", "numbered", {"n": "18446744073709551615", "rest": "x"}),
        ("GET", "/7", None, None),
        ("GET", "/7/", None, None),
        ("GET", "/07/x/y", None, None),
        ("GET", "/+7/x/y", None, None),
        ("GET", "/%37/x/y", None, None),
        ("GET", "/7a/x/y", None, None),
    ],
)
async def test_dispatch(method: str, target: str, name: str | None, params: dict[str, str] | None) -> None:
    """Literal first, templates in order, parameters decoded after splitting; anything else is unknown."""
    if name is None:
        with pytest.raises(PathUnknown):
            await ask(method, target)
    else:
        assert await ask(method, target) == (name, repr(params))


@pytest.mark.parametrize(
    ("method", "target", "allow"),
    [("DELETE", "/a/b", ("GET", "HEAD", "POST")), ("GET", "/only", ("POST",)), ("HEAD", "/only", ("POST",))],
)
async def test_another_method_lists_those_there_are(method: str, target: str, allow: tuple[str, ...]) -> None:
    """405 with Allow; HEAD comes with GET."""
    with pytest.raises(MethodNotAllowed) as caught:
        await ask(method, target)
    assert caught.value.allow == allow


@pytest.mark.parametrize(
    ("method", "template"), [("GET", "/a/b"), ("GET", "/a/{x}"), ("GET", "a"), ("GET", "/{x:path}/{y}")]
)
def test_mistaken_routes_are_refused_at_once(method: str, template: str) -> None:
    """A route twice, without a slash, or with something behind a path parameter."""
    with pytest.raises(HttpMisuse):
        table().add(method, template, names("x"))  # type: ignore[arg-type]
