"""Paths to handlers, by literal path first and by template second."""

import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from edge_node.serving.refusals import MethodNotAllowed, PathUnknown
from edge_node.serving.request import Request
from edge_node.serving.response import Response
from edge_node.wire.http1_errors import HttpMisuse
from edge_node.wire.http1_target import decode_component

Handler = Callable[[Request], Awaitable[Response]]

_NUMBER = re.compile(r"0|[1-9][0-9]{0,19}")


@dataclass(slots=True)
class _Route:
    template: str
    parts: tuple[str, ...]
    methods: dict[str, Handler] = field(default_factory=dict)

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """Parameters when `segments` (still encoded) fit; a `{name:path}` at the end takes one or more.

        A `{name:number}` takes decimal digits as they stand: neither escapes nor leading zeros spell a number twice.
        """
        rest = self.parts[-1].endswith(":path}")
        if len(segments) != len(self.parts) and not (rest and len(segments) > len(self.parts)):
            return None
        params = {}
        for index, part in enumerate(self.parts):
            if part[:1] != "{":
                if decode_component(segments[index]) != part:
                    return None
            else:
                last = rest and index == len(self.parts) - 1
                text = "/".join(segments[index:]) if last else segments[index]
                number = part.endswith(":number}")
                if not text or (number and not _NUMBER.fullmatch(text)):
                    return None
                params[part[1:-1].removesuffix(":path").removesuffix(":number")] = decode_component(text)
        return params


class Router:
    """A table of routes.

    Segments are split before they are decoded, so an encoded slash never changes which route is meant. HEAD falls
    back to GET; an unknown path is PathUnknown, another method MethodNotAllowed.
    """

    def __init__(self) -> None:
        self._literal: dict[str, dict[str, Handler]] = {}
        self._templates: list[_Route] = []

    def add(self, method: str, template: str, handler: Handler) -> None:
        """Add a route: `/a/b`, `/a/{name}`, `/{name:number}` or `/a/{name:path}`; templates are tried as they came."""
        if not template.startswith("/") or "{" in template.partition(":path}")[2]:
            raise HttpMisuse(f"{template} is not a route template")
        methods = self._methods(template)
        if method in methods:
            raise HttpMisuse(f"{method} {template} is already routed")
        methods[method] = handler

    def routes(self) -> Iterator[tuple[str, str]]:
        """Method and template of every route, in no order that means anything."""
        for template, methods in [*self._literal.items(), *((one.template, one.methods) for one in self._templates)]:
            for method in methods:
                yield method, template

    def dispatch(self, request: Request) -> Awaitable[Response]:
        """Call the handler of the request's path and method."""
        methods = self._literal.get(request.path) if request.path is request.head.raw_path else None
        if methods is None:
            methods = self._by_template(request)
        handler = methods.get(request.method)
        if handler is None:
            handler = self._fallback(request, methods)
        return handler(request)

    def _methods(self, template: str) -> dict[str, Handler]:
        if "{" not in template:
            return self._literal.setdefault(template, {})
        route = next((one for one in self._templates if one.template == template), None)
        if route is None:
            route = _Route(template, tuple(template.split("/")))
            self._templates.append(route)
        return route.methods

    def _by_template(self, request: Request) -> dict[str, Handler]:
        segments = request.head.raw_path.split("/")
        decoded = [decode_component(segment) for segment in segments]
        literal = self._literal.get("/".join(decoded))
        if literal is not None and not any("/" in segment for segment in decoded):
            return literal
        for route in self._templates:
            params = route.match(segments)
            if params is not None:
                request.params = params
                return route.methods
        raise PathUnknown(request.path)

    def _fallback(self, request: Request, methods: dict[str, Handler]) -> Handler:
        if request.method == "HEAD" and "GET" in methods:
            return methods["GET"]
        allow = set(methods) | ({"HEAD"} if "GET" in methods else set())
        raise MethodNotAllowed(request.method, tuple(sorted(allow)))
