"""The baseline of the DDC benchmarks: a grpcio C-core server that keeps what it is given in memory.

`python -m benchmarks._baseline_ddc PORT`. It names pieces by the same CIDs, since the SDK looks at them, and does
nothing else that a node does: no token is read, no signature checked, nothing is written, acknowledgements are not
waited for. Messages of a read are as large as the node's.
"""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from blake3 import blake3

from edge_node.base.ids import Digest
from edge_node.wire.cid import CidKind, make_cid
from edge_node.wire.proto import cns_pb2, dag_pb2, file_pb2

MESSAGE_BYTES = 4_000_000
THREADS = 16
OPTIONS = [("grpc.max_receive_message_length", 8 << 20), ("grpc.max_send_message_length", 8 << 20)]

_pieces: dict[bytes, list[bytes]] = {}
_nodes: dict[bytes, dag_pb2.Node] = {}
_records: dict[tuple[int, str], cns_pb2.Record] = {}


def put_raw_piece(requests: Iterator[file_pb2.PutRawPieceRequest], context: Any) -> file_pb2.PutRawPieceResponse:
    next(requests)
    context.send_initial_metadata(())
    hasher, parts = blake3(), []
    for request in requests:
        hasher.update(request.content.data)
        parts.append(request.content.data)
    cid = bytes(make_cid(CidKind.RAW_PIECE, Digest(hasher.digest())))
    _pieces[cid] = parts
    return file_pb2.PutRawPieceResponse(cid=cid)


def put_multipart_piece(request: file_pb2.PutMultiPartPieceRequest, _: Any) -> file_pb2.PutMultiPartPieceResponse:
    hasher, parts = blake3(), []
    for digest in request.partHashes:
        for part in _pieces[bytes(make_cid(CidKind.RAW_PIECE, Digest(digest)))]:
            hasher.update(part)
            parts.append(part)
    cid = bytes(make_cid(CidKind.MULTIPART, Digest(hasher.digest())))
    _pieces[cid] = parts
    return file_pb2.PutMultiPartPieceResponse(cid=cid)


def get_file(requests: Iterator[file_pb2.GetFileRequest], context: Any) -> Iterator[file_pb2.GetFileResponse]:
    asked = next(requests).request
    parts = _pieces.get(asked.cid)
    if parts is None:
        context.abort(grpc.StatusCode.NOT_FOUND, "no such piece")
        return
    context.send_initial_metadata(())
    start, stop = (asked.range.start, asked.range.end + 1) if asked.HasField("range") else (0, sys.maxsize)
    at = 0
    for part in parts:
        wanted = part[max(start - at, 0) : max(stop - at, 0)]
        at += len(part)
        for begin in range(0, len(wanted), MESSAGE_BYTES):
            yield file_pb2.GetFileResponse(data=wanted[begin : begin + MESSAGE_BYTES])


def put_node(request: dag_pb2.PutRequest, _: Any) -> dag_pb2.PutResponse:
    digest = Digest(blake3(request.node.SerializeToString(deterministic=True)).digest())
    cid = bytes(make_cid(CidKind.DAG_NODE, digest))
    _nodes[cid] = request.node
    return dag_pb2.PutResponse(cid=cid)


def get_node(request: dag_pb2.GetRequest, context: Any) -> dag_pb2.GetResponse:
    if (node := _nodes.get(request.cid)) is None:
        context.abort(grpc.StatusCode.NOT_FOUND, "no such node")
    return dag_pb2.GetResponse(node=node)


def put_record(request: cns_pb2.PutRequest, _: Any) -> cns_pb2.PutResponse:
    _records[request.bucketId, request.record.name] = request.record
    return cns_pb2.PutResponse()


def get_record(request: cns_pb2.GetRequest, _: Any) -> cns_pb2.GetResponse:
    return cns_pb2.GetResponse(record=_records.get((request.bucketId, request.name)))


def _unary(act: Callable[..., Any], request: Any) -> grpc.RpcMethodHandler:
    return grpc.unary_unary_rpc_method_handler(act, request.FromString, lambda reply: reply.SerializeToString())


def serve(port: int) -> None:
    """Serve until the process is stopped."""
    server = grpc.server(ThreadPoolExecutor(THREADS), options=OPTIONS)
    files = {
        "putRawPiece": grpc.stream_unary_rpc_method_handler(
            put_raw_piece, file_pb2.PutRawPieceRequest.FromString, file_pb2.PutRawPieceResponse.SerializeToString
        ),
        "putMultipartPiece": _unary(put_multipart_piece, file_pb2.PutMultiPartPieceRequest),
        "getFile": grpc.stream_stream_rpc_method_handler(
            get_file, file_pb2.GetFileRequest.FromString, file_pb2.GetFileResponse.SerializeToString
        ),
    }
    dag = {"Put": _unary(put_node, dag_pb2.PutRequest), "Get": _unary(get_node, dag_pb2.GetRequest)}
    names = {"Put": _unary(put_record, cns_pb2.PutRequest), "Get": _unary(get_record, cns_pb2.GetRequest)}
    for service, methods in (("file.FileApi", files), ("dag.DagApi", dag), ("cns.CnsApi", names)):
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, methods),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
