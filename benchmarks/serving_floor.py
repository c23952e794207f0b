"""What a request costs before it does anything: a 200-byte POST, its body read, answered 202 with a small JSON.

Ours: the serving room with every limit on, one process, trio. Baseline: uvicorn on asyncio with httptools, access log
off, the same work as a bare ASGI application. The same client (wrk) loads both in turns; plain first, then TLS with
one self-signed P-256 certificate for both.
"""

import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import trio

from benchmarks.frame import (
    Case,
    Measure,
    Options,
    Server,
    emit,
    free_port,
    interleave,
    machine,
    note,
    post_script,
    read_options,
    scratch,
    serving,
    wrk,
)
from edge_node.base.clock import SystemClock
from edge_node.serving.certificate import make_self_signed, store_pair
from edge_node.serving.http_server import HttpServer
from edge_node.serving.listeners import open_listeners
from edge_node.serving.request import Request
from edge_node.serving.response import Response
from edge_node.serving.router import Router
from edge_node.serving.tls import TlsIdentity
from edge_node.settings.tree import HttpSettings

CONNECTIONS = 64
BODY = b'{"specversion":"1.0","id":"1","source":"bench","type":"reading","data":{"celsius":21}}'.ljust(200)
ANSWER = b'{"accepted":1}'
HEADERS = (("content-type", "application/json"),)
PROMISE = "plain at least 60 % of uvicorn-asyncio-httptools per server CPU second, all limits on"
BASELINE = "uvicorn asyncio httptools"


async def accept(request: Request) -> Response:
    await request.body(1 << 20)
    return Response(202, HEADERS, ANSWER)


async def serve_ours(port: int, certificate: Path | None, key: Path | None) -> None:
    router = Router()
    router.add("POST", "/events", accept)
    address = f"127.0.0.1:{port}"
    identity = TlsIdentity(certificate, key) if certificate and key else None
    settings = HttpSettings(listen="" if identity else address, listen_tls=address if identity else "")
    await HttpServer(open_listeners(settings, identity), router.dispatch, settings, clock=SystemClock()).run()


async def baseline(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The ASGI application of the baseline."""
    assert scope["type"] == "http"
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})


def our_command(port: int, pair: tuple[Path, Path] | None) -> list[str]:
    return [sys.executable, "-m", "benchmarks.serving_floor", "serve", str(port), *map(str, pair or ())]


def baseline_command(port: int, pair: tuple[Path, Path] | None) -> list[str]:
    tls = ["--ssl-certfile", str(pair[0]), "--ssl-keyfile", str(pair[1])] if pair else []
    return [
        sys.executable, "-m", "uvicorn", "benchmarks.serving_floor:baseline", "--port", str(port), "--loop", "asyncio",
        "--http", "httptools", "--lifespan", "off", "--no-access-log", "--log-level", "warning", *tls,
    ]  # fmt: skip


def load(server: Server, scheme: str, seconds: int) -> Measure:
    script = post_script(BODY, {"Content-Type": "application/json"})
    url = f"{scheme}://127.0.0.1:{server.port}/events"
    return wrk(server, url, script, connections=CONNECTIONS, seconds=seconds)


def measure(options: Options) -> list[Case]:
    seconds = 3 if options.quick else 8
    with scratch() as directory, ExitStack() as children:
        pair = (directory / "node.crt", directory / "node.key")
        now = datetime.now(UTC)
        store_pair(make_self_signed(["127.0.0.1"], now, now + timedelta(days=1)), *pair)
        contenders = {}
        for scheme, files in (("http", None), ("https", pair)):
            for who, command in (("ours", our_command), ("baseline", baseline_command)):
                port = free_port()
                server = children.enter_context(serving(command(port, files), port))
                load(server, scheme, 1)  # warm: imports, caches, the first handshakes
                contenders[f"{scheme} {who}"] = lambda server=server, scheme=scheme: load(server, scheme, seconds)
        measured = interleave(contenders, options.runs)
    return [report(measured, "plain", "http", seconds), report(measured, "tls", "https", seconds)]


def report(measured: dict[str, list[Measure]], case: str, scheme: str, seconds: int) -> Case:
    ours, theirs = measured[f"{scheme} ours"], measured[f"{scheme} baseline"]
    p99 = f"p99 {note(ours, 'p99_ms'):.1f} ms against {note(theirs, 'p99_ms'):.1f} ms"
    return Case.against(
        name="serving_floor",
        case=case,
        unit="requests",
        ours=ours,
        baseline=BASELINE + (" with TLS" if case == "tls" else ""),
        theirs=theirs,
        promise=PROMISE if case == "plain" else None,
        ratio_min=0.6 if case == "plain" else None,
        conditions=f"{machine()}; wrk, {CONNECTIONS} connections, {seconds} s a run, 200-byte POST; {p99}",
    )


def main() -> None:
    if sys.argv[1:2] == ["serve"]:
        port, *files = sys.argv[2:]
        certificate, key = (Path(files[0]), Path(files[1])) if files else (None, None)
        trio.run(serve_ours, int(port), certificate, key)
        return
    options = read_options()
    emit(measure(options), options)


if __name__ == "__main__":
    main()
