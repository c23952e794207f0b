"""What a gRPC call costs before it does anything: a unary call of 200 bytes, answered with as many.

Ours: the serving room's gRPC server with every limit on, one process, trio. Baseline: grpclib on asyncio, which stands
on the same HTTP/2 library, with a codec that passes bytes through. The same client (h2load) loads both in turns with a
prepared gRPC message.
"""

import asyncio  # noqa: TID251 - the baseline's, in a process of its own
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
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
    read_options,
    serving,
)
from edge_node.serving.call import Call, CallTable
from edge_node.serving.grpc_server import GrpcServer, open_grpc_door
from edge_node.settings.tree import GrpcSettings
from edge_node.wire.grpc import message_prefix

METHOD = "/bench.Echo/Call"
MESSAGE = bytes(range(200))
CONNECTIONS, STREAMS = 4, 16
PROMISE = "at least 60 % of grpclib per server CPU second, all limits on"


async def echo(call: Call) -> None:
    message = await call.receive()
    await call.send(message or b"")


async def serve_ours(port: int) -> None:
    table = CallTable()
    table.add(METHOD, echo, message_max=4 << 20)
    await GrpcServer([open_grpc_door(f"127.0.0.1:{port}")], table, GrpcSettings()).run()


async def serve_grpclib(port: int) -> None:
    from grpclib.const import Cardinality, Handler
    from grpclib.encoding.base import CodecBase
    from grpclib.server import Server as GrpclibServer

    class Bytes(CodecBase):
        __content_subtype__ = "proto"

        def encode(self, message: Any, message_type: Any) -> bytes:
            return bytes(message)

        def decode(self, data: bytes, message_type: Any) -> Any:
            return data

    class Echo:
        async def call(self, stream: Any) -> None:
            await stream.send_message(await stream.recv_message())

        def __mapping__(self) -> dict[str, Handler]:
            return {METHOD: Handler(self.call, Cardinality.UNARY_UNARY, bytes, bytes)}

    server = GrpclibServer([Echo()], codec=Bytes())
    await server.start("127.0.0.1", port)
    await server.wait_closed()


def h2load(server: Server, seconds: int) -> Measure:
    """Load a server and measure it; any call that is not answered with 200 ends the benchmark."""
    program = shutil.which("h2load") or sys.exit("h2load is not installed: apt-get install nghttp2-client")
    with tempfile.NamedTemporaryFile() as body:
        body.write(message_prefix(len(MESSAGE)) + MESSAGE)
        body.flush()
        load = [
            program, f"-c{CONNECTIONS}", f"-m{STREAMS}", f"-D{seconds}", "-d", body.name,
            "-H", "content-type: application/grpc", "-H", "te: trailers", f"http://127.0.0.1:{server.port}{METHOD}",
        ]  # fmt: skip
        before, began = server.cpu_s(), time.monotonic()
        text = subprocess.run(load, check=True, capture_output=True, text=True).stdout
        cpu_s, wall_s = server.cpu_s() - before, time.monotonic() - began
    done = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", text)
    failed = re.search(r"(\d+) failed, (\d+) errored, (\d+) timeout", text)
    if done is None or failed is None or any(map(int, (*done.groups()[1:], *failed.groups()))):
        sys.exit(f"h2load met errors:\n{text}")
    return Measure(float(done[1]), wall_s, cpu_s, {"mean_ms": mean_ms(text)})


def mean_ms(text: str) -> float:
    """The mean time of a request in h2load's table (min, max, mean)."""
    found = re.search(r"time for request:\s+\S+\s+\S+\s+([0-9.]+)(us|ms|s)", text)
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1_000.0}[found[2]] if found else 0.0


def measure(options: Options) -> list[Case]:
    seconds = 3 if options.quick else 8
    with ExitStack() as children:
        contenders = {}
        for who in ("ours", "grpclib"):
            port = free_port()
            server = children.enter_context(
                serving([sys.executable, "-m", "benchmarks.ddc_unary", who, str(port)], port)
            )
            h2load(server, 1)  # warm: imports, caches
            contenders[who] = lambda server=server: h2load(server, seconds)
        measured = interleave(contenders, options.runs)
    ours, theirs = measured["ours"], measured["grpclib"]
    means = f"mean {note(ours, 'mean_ms'):.1f} ms against {note(theirs, 'mean_ms'):.1f} ms"
    load = f"h2load, {CONNECTIONS} connections x {STREAMS} streams, {seconds} s a run, {len(MESSAGE)}-byte messages"
    return [
        Case.against(
            name="ddc_unary",
            case="echo",
            unit="calls",
            ours=ours,
            baseline="grpclib",
            theirs=theirs,
            promise=PROMISE,
            ratio_min=0.6,
            conditions=f"{machine()}; {load}; {means}",
        )
    ]


def main() -> None:
    if sys.argv[1:2] == ["ours"]:
        trio.run(serve_ours, int(sys.argv[2]))
    elif sys.argv[1:2] == ["grpclib"]:
        asyncio.run(serve_grpclib(int(sys.argv[2])))
    else:
        options = read_options()
        emit(measure(options), options)


if __name__ == "__main__":
    main()
