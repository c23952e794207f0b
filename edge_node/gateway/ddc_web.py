"""grpc-web on the HTTP door: the DDC services for browsers, one WebSocket per call (docs/specs/ddc.md)."""

from collections.abc import Callable

from edge_node.gateway.operation import Answer, Auth, Operation, path_value
from edge_node.serving import Request, Response, Router
from edge_node.serving.call import CallTable
from edge_node.serving.grpc_web import open_grpc_web
from edge_node.serving.web_room import WebRoom
from edge_node.settings.doors import Mode

_METHOD = path_value("method", "The service's method; names are case-sensitive.", {"type": "string"})
_ANSWERS = {101: Answer(about="A grpc-web call; its status comes inside the WebSocket.", type="")}
_REFUSALS = ("upgrade-required", "malformed-upgrade")


def _operation(service: str, identity: str, about: str) -> Operation:
    return Operation(
        method="GET",
        path=f"/{service}/{{method}}",
        id=identity,
        about=f"{about} as grpc-web over a WebSocket (subprotocol grpc-websockets; docs/specs/ddc.md).",
        auth=Auth.NOTHING,
        parameters=(_METHOD,),
        answers=_ANSWERS,
        refusals=_REFUSALS,
    )


CALL_FILE_API = _operation("file.FileApi", "callFileApi", "FileApi: raw pieces, files made of them, reads")
CALL_DAG_API = _operation("dag.DagApi", "callDagApi", "DagApi: nodes and paths")
CALL_CNS_API = _operation("cns.CnsApi", "callCnsApi", "CnsApi: names")
WEB_OPERATIONS = (CALL_FILE_API, CALL_DAG_API, CALL_CNS_API)


class GrpcWebRoutes:
    """The DDC services at one HTTP door; `room` is that of all doors, `idle_s` is asked at every call."""

    def __init__(self, table: CallTable, room: WebRoom, mode: Mode, idle_s: Callable[[], float]) -> None:
        self._table, self._room, self._mode, self._idle_s = table, room, mode, idle_s

    def add_to(self, router: Router) -> None:
        """Register the routes."""
        for operation in WEB_OPERATIONS:
            operation.mount(router, self.call)

    async def call(self, request: Request) -> Response:
        """Open the call; UpgradeRequired, MalformedUpgrade."""
        return open_grpc_web(request, self._table, self._room, mode=self._mode, idle_s=self._idle_s())
