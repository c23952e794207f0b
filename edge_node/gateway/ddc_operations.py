"""What the HTTP doors of the buckets say of themselves: content for browsers, nodes and names in JSON."""

from edge_node.gateway.operation import CID_SCHEMA, Answer, Auth, Body, Operation, Parameter, path_value

_BUCKET = path_value("bucket", "The bucket's number.", {"type": "string", "pattern": "^(0|[1-9][0-9]{0,19})$"})
_CID = path_value("cid", "The node's content identifier (docs/specs/cid.md).", CID_SCHEMA)
_NAME = path_value("name", "A CNS name; it may have slashes.", {"type": "string", "minLength": 1, "maxLength": 255})
_TEXT = {"type": "string"}
_BASE64 = {"type": "string", "contentEncoding": "base64"}
_WIDE = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9]{1,20}$"}]}
_REQUEST = Parameter(
    name="Request",
    where="header",
    about="A signed request for this call, as over gRPC; a token that names no bucket counts only with one.",
    schema=_TEXT,
)
_SLASHED = {"Location": "The same with the slash."}
_STORED = (
    "malformed-message", "malformed-cid", "cid-mismatch", "quota-exceeded", "store-unreadable", "content-type",
    "cache-door",
)  # fmt: skip


def _message(members: dict[str, object]) -> dict[str, object]:
    return {"type": "object", "properties": members, "additionalProperties": False}


def _list_of(members: dict[str, object]) -> dict[str, object]:
    return {"type": "array", "items": _message(members)}


_NODE = _message(
    {
        "data": _BASE64,
        "links": _list_of({"cid": _BASE64, "name": _TEXT, "size": _WIDE}),
        "tags": _list_of({"key": _TEXT, "value": _TEXT}),
    }
)
_SIGNATURE = _message({"algorithm": {"enum": ["ED_25519", "SR_25519", 0, 1]}, "signer": _BASE64, "value": _BASE64})
_RECORD = _message(
    {
        "signature": _SIGNATURE,
        "cid": _BASE64,
        "name": _TEXT,
        "ttl": {"type": "integer", "minimum": 30, "maximum": 86_400},
    }
)
_PUT_NODE = _message({"bucketId": _WIDE, "node": _NODE, "cid": _BASE64}) | {"required": ["node"]}
_FOUND = Answer(about="The node.", schema=_message({"node": _NODE}) | {"required": ["node"]})
_NODE_REFUSALS = (
    "malformed-cid", "unknown-piece", "not-a-node", "unknown-link", "invalid-path", "piece-damaged", "piece-gone",
    "store-unreadable",
)  # fmt: skip

GET_CONTENT = Operation(
    method="GET",
    path="/{bucket:number}/{path:path}",
    id="getContent",
    auth=Auth.TOKEN,
    about="A file of a bucket: by its CID or a CNS name, or by a path of link names below either.",
    parameters=(
        _BUCKET,
        path_value("path", "`{cid}`, `{name}` or one of them and a path below it.", {"type": "string", "minLength": 1}),
        _REQUEST,
        *(
            Parameter(name=name, where="header", about=about, schema=_TEXT)
            for name, about in (
                ("Range", "One range of bytes; several are answered with the whole."),
                ("If-Range", "The range counts only if this is the ETag."),
                ("If-None-Match", "304 if this is the ETag."),
            )
        ),
    ),
    answers={
        200: Answer(about="The whole file.", type="*/*", headers={"ETag": "The content's CID, quoted."}),
        206: Answer(about="The range.", type="*/*", headers={"Content-Range": "Which bytes of how many."}),
        304: Answer(about="The asker has it.", type=""),
        307: Answer(about="A directory under a name wants its slash.", type="", headers=_SLASHED),
        308: Answer(about="A directory under a CID wants its slash.", type="", headers=_SLASHED),
    },
    refusals=(
        "unknown-name", "unknown-piece", "unknown-link", "invalid-path", "piece-damaged", "piece-gone",
        "range-not-satisfiable", "store-unreadable", "service-worker-refused",
    ),
)  # fmt: skip
PREFLIGHT = Operation(
    method="OPTIONS",
    path="/{bucket:number}/{path:path}",
    id="preflightContent",
    auth=Auth.NOTHING,
    about="What pages of other origins may ask of a bucket: GET and HEAD, without credentials of this origin.",
    parameters=GET_CONTENT.parameters[:2],
    answers={204: Answer(about="The CORS headers.", type="")},
)
PUT_NODE = Operation(
    method="POST",
    path="/v1/dag/{bucket:number}",
    id="putNode",
    auth=Auth.TOKEN,
    about="Store a DAG node in its canonical form (DagApi.Put).",
    parameters=(_BUCKET, _REQUEST),
    body=Body(
        about="dag.PutRequest, at most 6 MiB.",
        types={"application/json": _PUT_NODE},
    ),
    answers={200: Answer(about="It is on the disk.", schema=_message({"cid": _BASE64}) | {"required": ["cid"]})},
    refusals=(*_STORED, "node-too-large", "piece-vanished", "piece-too-large"),
)
GET_NODE = Operation(
    method="GET",
    path="/v1/dag/{bucket:number}/{cid}",
    id="getNode",
    auth=Auth.TOKEN,
    about="A DAG node (DagApi.Get).",
    parameters=(_BUCKET, _CID, _REQUEST),
    answers={200: _FOUND},
    refusals=_NODE_REFUSALS,
)
GET_NODE_BELOW = Operation(
    method="GET",
    path="/v1/dag/{bucket:number}/{cid}/{path:path}",
    id="getNodeBelow",
    auth=Auth.TOKEN,
    about="The DAG node that a path of link names leads to.",
    parameters=(
        _BUCKET,
        _CID,
        path_value("path", "Link names with slashes between them.", {"type": "string", "minLength": 1}),
        _REQUEST,
    ),
    answers={200: _FOUND},
    refusals=_NODE_REFUSALS,
)
PUT_NAME = Operation(
    method="POST",
    path="/v1/cns/{bucket:number}",
    id="putName",
    auth=Auth.TOKEN,
    about="Keep a signed name record; the last one counts (CnsApi.Put).",
    parameters=(_BUCKET, _REQUEST),
    body=Body(
        about="cns.PutRequest, at most 16 KiB.",
        types={"application/json": _message({"bucketId": _WIDE, "record": _RECORD}) | {"required": ["record"]}},
    ),
    answers={200: Answer(about="It is on the disk.", schema=_message({}))},
    refusals=(*_STORED, "malformed-name", "name-unsigned", "name-forged", "too-many-names"),
)
GET_NAME = Operation(
    method="GET",
    path="/v1/cns/{bucket:number}/{name:path}",
    id="getName",
    auth=Auth.TOKEN,
    about="A name's record, byte for byte as it was signed; an empty message when there is none (CnsApi.Get).",
    parameters=(_BUCKET, _NAME, _REQUEST),
    answers={200: Answer(about="The record.", schema=_message({"record": _RECORD}))},
    refusals=("store-unreadable",),
)
