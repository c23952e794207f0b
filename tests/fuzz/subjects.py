"""What is fuzzed: each subject's good inputs, and what is done with a changed one."""

import base64
import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from h2.config import H2Configuration
from h2.connection import H2Connection

from edge_node.activity.errors import AckRefused
from edge_node.activity.note import NOTE_KIND, NOTE_VERSION, Delta, NoteRecord, decode_note, encode_note, finish_windows
from edge_node.activity.record import (
    RECORD_MAX_BYTES,
    Part,
    PartDigest,
    decode_activity,
    encode_activity,
    identity_of_raw,
)
from edge_node.base.base58 import decode_base58, encode_base58
from edge_node.base.digests import blake2b_256
from edge_node.base.errors import Refusal
from edge_node.base.ids import Hash256
from edge_node.base.ss58 import format_ss58, parse_ss58
from edge_node.chain_light import layouts
from edge_node.chain_light.anchor_record import AnchorRecord
from edge_node.chain_light.authorities import encode_authorities
from edge_node.chain_light.authority_state import decode_authority_state
from edge_node.chain_light.babe import slot_of
from edge_node.chain_light.checkpoint import CheckpointKeys, Signers, open_checkpoint
from edge_node.chain_light.checkpoint_record import KeptCheckpoint
from edge_node.chain_light.checkpoint_text import join_parts
from edge_node.chain_light.codec import decode_value, encode_value
from edge_node.chain_light.errors import BadAnswer
from edge_node.chain_light.extensions import terms_of, write_extra
from edge_node.chain_light.extrinsic import UnknownExtrinsicVersion, decode_extrinsic
from edge_node.chain_light.finality_errors import HeaderNeeded, WarpBroken
from edge_node.chain_light.finality_proof import verify_finality_proof
from edge_node.chain_light.grandpa import (
    decode_commit,
    decode_justification,
    encode_commit,
    encode_justification,
    find_equivocations,
    verify_justification,
)
from edge_node.chain_light.header import decode_header, encode_header, hash_header, header_of_json, json_of_header
from edge_node.chain_light.json_rpc import Refused, read_message
from edge_node.chain_light.kept_record import CHECK_BYTES, RecordDamaged, RecordNewer
from edge_node.chain_light.metadata_bytes import UnknownMetadataVersion, write_metadata
from edge_node.chain_light.metadata_bytes import parse_metadata as parse_runtime
from edge_node.chain_light.metadata_pin import open_metadata_pin
from edge_node.chain_light.rpc_answers import (
    bytes_of,
    hash_of,
    hashes_of,
    header_of,
    keys_of,
    metadata_of,
    new_justification_of,
    proof_of,
    subscription_of,
)
from edge_node.chain_light.storage_key import split_key, storage_key
from edge_node.chain_light.trie_build import Trie
from edge_node.chain_light.trie_node import Node, decode_node, encode_node, reference_of
from edge_node.chain_light.trie_proof import Incomplete, PrefixFound, Proof, encode_proof
from edge_node.chain_light.values import Budget
from edge_node.chain_light.vouching import VouchKeys
from edge_node.chain_light.warp import verify_warp
from edge_node.store.name_record import open_record
from edge_node.trust.activity_request import (
    _read_acknowledgment,
    open_acknowledgment,
    open_activity_request,
)
from edge_node.trust.auth_token import parse_token
from edge_node.trust.documents import DocumentTag, document_message, join_document
from edge_node.trust.signing_key import SigningKey
from edge_node.trust.token_chain import check_chain, verify_chain
from edge_node.wire import ddc_messages as ddc
from edge_node.wire.dag_node import canonical_node
from edge_node.wire.grpc import GrpcBroken, MessageReader, encode_text, parse_timeout
from edge_node.wire.grpc_web import parse_metadata, read_client_message
from edge_node.wire.http2 import Http2Server
from edge_node.wire.http2_budget import Http2Broken
from edge_node.wire.proto import activity_report_pb2, cns_pb2, common_pb2, dag_pb2, file_pb2
from edge_node.wire.protobuf_fields import MalformedProtobuf, cut_field, field_head, scan_fields
from edge_node.wire.scale import COMPACT_END, MalformedScale, Scale, blob, compact
from edge_node.wire.strict_json import canonical
from tests.activity import rig as activity
from tests.activity.test_ledger import Rig
from tests.activity.test_reading import reading
from tests.chain_light import electorate, runtimes, steps
from tests.fuzz.mutation import Dice
from tests.trust import wallets

VECTORS = Path(__file__).parents[1] / "vectors"
DDC = {vector["id"]: vector for vector in json.loads((VECTORS / "ddc.json").read_text())["vectors"]}
RECORDS = [
    bytes.fromhex(vector["payload_hex"])
    for vector in json.loads((VECTORS / "activity/record.json").read_text())["vectors"]
]
CID = bytes.fromhex(DDC["raw-hello"]["cidHex"])


@dataclass(frozen=True)
class Subject:
    """`act` does everything with one input; only `allowed` may leave it. Steps are Python lines it may take.

    `steps` is (at least, for each byte): the argument that time is bounded by size, checked by counting.
    """

    name: str
    seeds: Sequence[bytes]
    act: Callable[[bytes, Dice], object]
    allowed: tuple[type[Exception], ...]
    steps: tuple[int, int] = (3_000, 60)
    messages: bool = False  # its inputs are protobuf


def every(*acts: Callable[[bytes], object], allowed: tuple[type[Exception], ...]) -> Callable[[bytes, Dice], object]:
    """All of `acts`, one after the other, though one refuses."""

    def act(raw: bytes, _dice: Dice) -> None:
        for one in acts:
            try:
                one(raw)
            except allowed:
                continue

    return act


def latin(raw: bytes) -> str:
    """Bytes as a header's text, as the doors decode it."""
    return raw.decode("latin-1")


# --- base58, addresses, raw protobuf


def base58(raw: bytes, _dice: Dice) -> None:
    text = latin(raw)
    with contextlib.suppress(Refusal):
        parse_ss58(text)
    decoded = decode_base58(text, characters_max=2_048)
    assert encode_base58(decoded) == text, "two texts for the same bytes"


def fields(raw: bytes, _dice: Dice) -> None:
    found = scan_fields(raw)
    assert b"".join(raw[field.start : field.stop] for field in found) == raw
    for number in (1, 4, 10):
        scan_fields(cut_field(raw, number))


MESSAGES = [
    *(bytes.fromhex(vector[key]) for vector in DDC.values() for key in vector if "ProtoHex" in key),
    file_pb2.PutRawPieceRequest(
        metadata=file_pb2.PutRawPieceRequest.Metadata(bucketId=7, cid=CID, offset=0, isMultipart=True, size=2**63)
    ).SerializeToString(),
    file_pb2.PutRawPieceRequest(
        content=file_pb2.PutRawPieceRequest.Content(data=b"Hello small piece")
    ).SerializeToString(),
    file_pb2.GetFileRequest(
        request=file_pb2.GetFileRequest.Request(
            cid=CID, bucketId=7, range=file_pb2.GetFileRequest.Request.Range(start=1, end=2), authenticate=True
        )
    ).SerializeToString(),
    file_pb2.GetFileRequest(
        ack=activity_report_pb2.ActivityAcknowledgment.FromString(activity.ack(5).raw)
    ).SerializeToString(),
    dag_pb2.GetRequest(bucketId=7, cid=CID, path="assets/styles.css").SerializeToString(),
    cns_pb2.GetRequest(bucketId=7, name="dir/file-name").SerializeToString(),
    common_pb2.Signature(algorithm=1, signer=bytes(32), value=bytes(64)).SerializeToString(),
]
READ_MESSAGES = every(
    ddc.read_put_piece,
    ddc.read_multipart,
    ddc.read_get_file,
    ddc.read_dag_put,
    ddc.read_dag_get,
    ddc.read_cns_put,
    ddc.read_cns_get,
    ddc.read_cns_record,
    ddc.read_new_cns_record,
    ddc.read_signature,
    allowed=(MalformedProtobuf,),
)

NODES = [
    b"",
    *(bytes.fromhex(vector["nodeProtoHex"]) for vector in DDC.values() if "nodeProtoHex" in vector),
    dag_pb2.Node(
        data=b"data",
        links=[dag_pb2.Link(cid=CID, name=name, size=300) for name in ("index.html", "assets/é.css", "")],
        tags=[dag_pb2.Tag(key="type", value="text/html"), dag_pb2.Tag()],
    ).SerializeToString(),
]


def node(raw: bytes, _dice: Dice) -> None:
    once = canonical_node(raw)
    assert once == dag_pb2.Node.FromString(raw).SerializeToString(deterministic=True), "another node"
    assert canonical_node(once) == once, "not canonical"


# --- what is signed


TOKENS = [
    *(bytes.fromhex(vector["tokenProtoHex"]) for vector in DDC.values() if "tokenProtoHex" in vector),
    *(
        decode_base58(wallets.chain_text(links, wrapped=wrapped), characters_max=2_048)
        for links in (1, 2, 3, 4, 5)
        for wrapped in (False, True)
    ),
]


def token(raw: bytes, dice: Dice) -> None:
    """Bytes behind base58, the text itself, and changed content under a good signature."""
    texts = [encode_base58(raw[:1_500]), latin(raw)]
    if dice.roll(4) == 0:
        signed = field_head(2, len(raw)) + raw
        texts.append(encode_base58(wallets.bytes_field(1, wallets.OWNER.signature(signed)) + signed))
    for text in texts:
        try:
            chain = parse_token(text)
            check_chain(chain, wallets.NOW_MS)
            verify_chain(chain, over_web=bool(dice.roll(2)))
        except Refusal as refused:
            shown = str(refused)
        else:
            shown = ""
        assert len(text) < 12 or text[:12] not in shown, "a refusal shows the token"


REQUESTS = [
    *(bytes.fromhex(vector["activityProtoHex"]) for vector in DDC.values() if "activityProtoHex" in vector),
    activity.request(1).raw,
    activity.ack(17).raw,
    activity.ack(2**63).raw,
]


def signed_messages(raw: bytes, dice: Dice) -> None:
    """Requests and acknowledgements, the latter against a read of 1,000 bytes."""
    for act in (
        lambda: open_activity_request(base64.b64encode(raw).decode()),
        lambda: open_activity_request(latin(raw)),
        lambda: open_acknowledgment(raw),
    ):
        try:
            act()
        except Refusal:
            continue
    ack = _read_acknowledgment(raw)[0]  # no changed one is signed, and what counts it is tried here too
    one = reading(Rig())
    one.sent(1_000)
    before = one.acked_bytes
    try:
        one.acked(ack)
    except AckRefused:
        assert one.acked_bytes == before
    assert 0 <= one.acked_bytes <= one.sent_bytes


def named(raw: bytes, dice: Dice) -> None:
    """A name's record as it is, and with changed content under a good signature."""
    if dice.roll(3) == 0:
        raw = wallets.bytes_field(1, wallets.BOB.signature(raw)) + raw
    record = open_record(raw)
    assert record.raw == raw


CNS = [cns_pb2.PutRequest.FromString(bytes.fromhex(DDC["cns-put"]["putRequestProtoHex"])).record]
NAMES = [CNS[0].SerializeToString(), cut_field(CNS[0].SerializeToString(), 1)]


# --- activity at rest


PART = Part(CID, 0, 17, 0, 17, activity.request(1).raw, activity.ack(17).raw)
NOTES = [
    encode_note(
        NoteRecord(
            NOTE_KIND,
            NOTE_VERSION,
            bytes(32),
            1,
            2,
            [
                Delta(
                    b"w" * 16,
                    bytes(32),
                    7,
                    bytes(16),
                    1,
                    2,
                    34,
                    17,
                    [(0, PART)],
                    [(1, PartDigest(b"", b"", 0, 1, 0, 0))],
                )
            ],
        )
    )
]


def at_rest(raw: bytes, _dice: Dice) -> None:
    """Records and notes: what is read is written again, and a request in a part names something or nothing."""
    try:
        notes = decode_note(raw)
    except msgspec.DecodeError:
        pass
    else:
        finish_windows([notes], frozenset(delta.window for delta in notes.deltas))
    record = decode_activity(raw)
    assert decode_activity(encode_activity(record)) == record
    for part in record.parts:
        try:
            identity_of_raw(part.request)
        except MalformedProtobuf:
            continue
    assert len(raw) < RECORD_MAX_BYTES


# --- frames


FRAMED = [
    b"".join(b"\x00" + len(message).to_bytes(4, "big") + message for message in group)
    for group in ([], [b""], MESSAGES[:3], MESSAGES[3:9], [b"x" * 5_000, b"y"])
]


def split(raw: bytes, dice: Dice) -> list[bytes]:
    """The same bytes in stretches."""
    parts, start = [], 0
    while start < len(raw):
        size = 1 + dice.roll(dice.choose((3, 100, len(raw))))
        parts.append(raw[start : start + size])
        start += size
    return parts


def read_all(parts: Sequence[bytes]) -> list[object]:
    reader, found = MessageReader(10_000), []
    try:
        for part in parts:
            reader.receive(part)
            while (message := reader.next_message()) is not None:
                found.append(message)
    except GrpcBroken as broken:
        return [*found, str(broken)]
    return found


def grpc(raw: bytes, dice: Dice) -> None:
    assert read_all([raw]) == read_all(split(raw, dice)), "another split, other messages"
    encode_text(latin(raw))
    with contextlib.suppress(GrpcBroken):
        parse_timeout(raw[:12])


WEB = [
    b"token: 5HhgSsXC\r\ncorrelation-id: 3f\r\nrequest: EiRh\r\n",
    b"\x01",
    b"\x00" + FRAMED[2],
    b"cache-control: no-cache\r\n\r\n",
    b"a:" + b" " * 4_000 + b"\x00",
    b"a:" + b" \t" * 32_000 + b"\x7f\r\n",
]
READ_WEB = every(parse_metadata, read_client_message, allowed=(GrpcBroken,))


def conversation() -> list[bytes]:
    """What a client sends: two calls with data, a ping, a window, a reset, an end."""
    client = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
    client.initiate_connection()
    head = [(":method", "POST"), (":scheme", "http"), (":path", "/file.FileApi/getFile"), (":authority", "x"),
            ("te", "trailers"), ("content-type", "application/grpc+proto"), ("token", "5HhgSsXC666")]  # fmt: skip
    client.send_headers(1, head)
    client.send_data(1, FRAMED[2])
    client.send_headers(3, head, end_stream=True)
    client.ping(b"12345678")
    client.increment_flow_control_window(70_000, 1)
    client.send_data(1, b"\x00\x00\x00\x00\x00", end_stream=True, pad_length=9)
    client.reset_stream(3)
    whole = client.data_to_send()
    client.close_connection()
    return [whole, whole + client.data_to_send()]


def http2(raw: bytes, dice: Dice) -> None:
    server, now = Http2Server(streams_max=16, header_bytes_max=4_096, now=0.0), 0.0
    for part in split(raw, dice):
        now += 0.001
        server.receive(part)
        while not server.hungry:
            server.next_events(now)
            server.take_output(65_536)


# --- a chain's bytes


COMPACTS = [b"".join(map(compact, range(0, 2**20, 9_973))), *(compact(2**bits - 1) for bits in (30, 32, 64, 128, 536))]
HEADERS = [
    bytes.fromhex(chain["header_scale"].removeprefix("0x"))
    for chain in json.loads((VECTORS / "chain/light-sync-states.json").read_text())["chains"].values()
]


def scale(raw: bytes, dice: Dice) -> None:
    """Numbers until the end: each is written as it stood, and nothing is taken that is not there."""
    cursor = Scale(raw)
    while cursor.left:
        start = cursor.at
        if dice.roll(4):
            assert compact(cursor.compact(COMPACT_END)) == cursor.since(start), "two forms of a number"
        else:
            assert len(cursor.blob(100)) <= 100


def header(raw: bytes, _dice: Dice) -> None:
    found = decode_header(raw)
    assert encode_header(found) == raw, "two forms of a header"
    assert header_of_json(json_of_header(found)) == found
    slot_of(found)


PROVED = Trie({bytes((number % 7, number)) * 3: bytes(number) for number in range(60)}, 1)
ENTRIES = PROVED.prove_prefix(b"")


def state_proof(raw: bytes, _dice: Dice) -> None:
    """A changed node, also under a top of ours and among honest ones; a changed proof, which tells nothing false."""
    with contextlib.suppress(BadAnswer):
        assert encode_node(decode_node(raw)) == raw, "a second form of a node"
    with contextlib.suppress(BadAnswer, MalformedScale):
        told = Proof.of_scale(raw).keys_under(PROVED.root, b"")
        assert isinstance(told, Incomplete) or told == PrefixFound(tuple(PROVED.pairs())), "told what is not so"
    top = encode_node(Node("", b"top", hashed=False, children=(reference_of(raw or b"\0"), *[b""] * 15)))
    proof, root = Proof(list(dict.fromkeys((top, raw, *ENTRIES)))), Hash256(blake2b_256(top))
    proof.read(root, bytes(40))
    proof.read_child(root, b"", raw[:40])
    proof.keys_under(root, b"", keys_max=200)


CHECKPOINTS = json.loads((VECTORS / "chain/checkpoint.json").read_text())
COLD_KEY = SigningKey.from_seed(bytes(32))
PAYLOADS = [vector["payload"].encode() for vector in CHECKPOINTS["vectors"]]
PARTS = ["\n".join(CHECKPOINTS["parts"]).encode(), CHECKPOINTS["parts"][0].encode()]


def checkpoint(raw: bytes, _dice: Dice) -> None:
    """Any words under a good signature: what is believed of them is written as it was read."""
    raw = raw[:100_000]
    signature = COLD_KEY.sign(document_message(DocumentTag.CHECKPOINT, raw))
    document = join_document(DocumentTag.CHECKPOINT, raw, {COLD_KEY.public: signature})
    keys = CheckpointKeys(release=frozenset(), operator=COLD_KEY.public)
    found = open_checkpoint(document, keys=keys, genesis=None, now_ms=None).checkpoint
    assert canonical(found.to_payload()) == raw, "two forms of a checkpoint"


STORED = [
    bytes(80), bytes(64) + (1 << 127).to_bytes(16, "little"), b"\xb4\x79\x04\x10node", bytes(4), bytes(8), bytes(32),
    encode_authorities(electorate.electorate(3)), b"\1" + encode_authorities(electorate.electorate(2)),
]  # fmt: skip


def stored(raw: bytes, dice: Dice) -> None:
    """Any bytes in the place of a value that is read without metadata: it, or that its form is not known."""
    places = (
        layouts.account_layout(bytes(32)), layouts.RUNTIME, layouts.NUMBER, layouts.PARENT, layouts.NOW, layouts.SET_ID,
        layouts.AUTHORITIES, layouts.WELL_KNOWN_AUTHORITIES, layouts.CODE,
    )  # fmt: skip
    places[dice.roll(len(places))].read(raw)


PINS = json.loads((VECTORS / "chain/metadata-pin.json").read_text())["vectors"]


def metadata_pin(raw: bytes, _dice: Dice) -> None:
    """As a checkpoint."""
    raw = raw[:100_000]
    signature = COLD_KEY.sign(document_message(DocumentTag.METADATA_PIN, raw))
    document = join_document(DocumentTag.METADATA_PIN, raw, {COLD_KEY.public: signature})
    keys = VouchKeys(release=frozenset(), operator=COLD_KEY.public)
    found = open_metadata_pin(document, keys=keys, genesis=None, now_ms=None).pin
    assert canonical(found.to_payload()) == raw, "two forms of a pin"


def parts(raw: bytes, _dice: Dice) -> None:
    join_parts([latin(raw)])


KEPT = [AnchorRecord.of_advance(one).encode() for one in steps.walk(4, every=2)]
KEPT += [
    AnchorRecord.of_checkpoint(one.checkpoint(), one.raw, 0).encode()
    for one in [KeptCheckpoint(raw=CHECKPOINTS["vectors"][0]["envelope"].encode(), by=Signers.RELEASE, accepted_ms=0)]
]


def kept_anchor(raw: bytes, _dice: Dice) -> None:
    """Any bytes of a record under a good checksum: an anchor that comes of them is one that was kept."""
    array = raw[:-CHECK_BYTES]
    anchor = AnchorRecord.decode(array + blake2b_256(array)).anchor()
    assert anchor.hash in KEPT_BLOCKS, "an anchor that nobody signed"


KEPT_BLOCKS = {AnchorRecord.decode(raw).anchor().hash for raw in KEPT}


# --- finality of a chain


WARP, WARP_START = electorate.accepted_warp()
REAL, REAL_VOTERS = electorate.polkadot()
START = electorate.genesis()
AHEAD = electorate.blocks(START.header, 2)
CHANGES = encode_authorities(electorate.electorate(1)) + bytes(4 + 4 + 32)
FINALITY = [
    REAL,
    bytes.fromhex(electorate.vector("westend-commit-5105457")["commit_scale"]),
    encode_justification(electorate.justify(START.header, [0, 1, 2], ahead=AHEAD)),
    hash_header(AHEAD[1])
    + blob(encode_justification(electorate.justify(AHEAD[1], [0, 1, 2])))
    + compact(2)
    + b"".join(map(encode_header, AHEAD)),
    encode_authorities(electorate.electorate(3)) + bytes(8) + b"\x00\x00\x04" + CHANGES + b"\x01" + bytes(4) + b"\x00",
]


def finality(raw: bytes, _dice: Dice) -> None:
    """What is read is written as it stood, and nothing of it is believed but what was signed."""
    for read, write in ((decode_justification, encode_justification), (decode_commit, encode_commit)):
        with contextlib.suppress(Refusal):
            votes = read(raw)
            assert write(votes) == raw
            if read is decode_commit:
                votes = votes.justification()
            find_equivocations(votes, votes, REAL_VOTERS)
            verify_justification(votes, REAL_VOTERS)
            assert raw == REAL, "other votes, and yet enough"
    with contextlib.suppress(Refusal):
        decode_authority_state(raw)
    assert verify_finality_proof(START, raw).header in AHEAD


def warp(raw: bytes, _dice: Dice) -> None:
    """As far as it was signed, and no further."""
    try:
        reached = verify_warp(WARP_START, raw, fragments_max=50)
        assert reached.accepted in (0, 3)
    except WarpBroken as refused:
        reached = refused
    assert reached.anchor.header.number == (0, 10, 20, 600)[reached.accepted]
    assert reached.accepted < 3 or raw == WARP, "another proof, and yet enough"


# --- what metadata says, and what is read by it


MINI = runtimes.mini_metadata()
METADATA = [write_metadata(MINI, 14), write_metadata(MINI, 15)]
CONTRACTS = runtimes.metadata_of("contracts-v14")
VALUES = [
    vector["type"].to_bytes(2, "little") + bytes.fromhex(vector["raw"])
    for vector in json.loads((VECTORS / "chain/scalecodec-values.json").read_text())["values"]
]
EXTRINSICS = [
    bytes.fromhex(vector["raw"][2:]) for vector in runtimes.JS["extrinsics"] if vector["chain"] == "contracts-v14"
]
STORAGE_KEYS = {
    name: bytes.fromhex(vector["key"][2:])
    for vector in runtimes.JS["keys"]
    if vector["chain"] == "contracts-v14" and (name := vector["label"].partition("(")[0])
}


def metadata(raw: bytes, _dice: Dice) -> None:
    """What is read is written as it stood."""
    assert write_metadata(parse_runtime(raw), raw[4]) == raw, "two forms of metadata"


def value(raw: bytes, _dice: Dice) -> None:
    """A value of a real runtime's type, whose number stands before it; its one form is the bytes it was read from."""
    cursor, type_id = Scale(raw[2:]), int.from_bytes(raw[:2], "little") % len(CONTRACTS.registry)
    found = decode_value(CONTRACTS.registry, type_id, cursor, Budget(4_096))
    assert encode_value(CONTRACTS.registry, type_id, found) == cursor.since(0), "two forms of a value"


def extrinsic(raw: bytes, _dice: Dice) -> None:
    """Taken apart it has the same call, terms, and no more."""
    found = decode_extrinsic(CONTRACTS, raw)
    assert encode_value(CONTRACTS.registry, CONTRACTS.extrinsic.call, found.call) == found.call_raw
    assert raw.endswith(found.call_raw)
    if found.signed is not None:
        assert write_extra(CONTRACTS, terms_of(found.signed.extra)) == found.signed.extra_raw


def storage(raw: bytes, _dice: Dice) -> None:
    """A key that is read is the key of what was read."""
    for name in STORAGE_KEYS:
        item = CONTRACTS.find_storage(*name.split("."))
        with contextlib.suppress(BadAnswer, MalformedScale):
            assert storage_key(item, *split_key(item, raw)) == raw


# --- what an endpoint sends


ROOT = Hash256(bytes(range(32)))
RPC_RESULTS = [
    f"0x{ROOT}", 7, None, [f"0x{ROOT}", None], json_of_header(decode_header(HEADERS[0])), ["0x00", "0x0001"],
    {"at": f"0x{ROOT}", "proof": ["0x80", "0x0102"]}, {"specName": "x", "specVersion": 1, "transactionVersion": 2},
    {"block": {}, "justifications": [[[70, 82, 78, 75], [1, 2, 255]], ["0x42454546", "0x00"]]},
]  # fmt: skip
RPC_MESSAGES = [
    *(json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode() for result in RPC_RESULTS),
    json.dumps([{"jsonrpc": "2.0", "id": id_, "result": f"0x{ROOT}"} for id_ in (3, "4", 5)]).encode(),
    b'{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"no such method","data":"at all"}}',
    b'{"jsonrpc":"2.0","method":"chain_newHead","params":{"subscription":"Xy","result":{"number":"0x1"}}}',
]


READ_RESULT = every(
    *(
        lambda raw, read=read: read(msgspec.Raw(raw))
        for read in (
            hash_of, bytes_of, metadata_of, header_of, new_justification_of, subscription_of,
            lambda result: hashes_of(result, 2), lambda result: proof_of(result, ROOT),
            lambda result: keys_of(result, b"\x00", None, 2),
        )
    ),
    allowed=(BadAnswer,),
)  # fmt: skip


def rpc(raw: bytes, dice: Dice) -> None:
    for frame in read_message(raw):
        if isinstance(frame, Refused):
            assert str(frame.error("m")).isprintable()
        elif frame.result is not None:
            READ_RESULT(bytes(frame.result), dice)


SUBJECTS = [
    Subject(
        "base58",
        [*(vector["tokenBase58"].encode() for vector in DDC.values() if "tokenBase58" in vector), b"1" * 40,
         *(format_ss58(bytes(32), prefix).encode() for prefix in (0, 54, 16_000))],
        base58,
        (Refusal,),
    ),
    Subject("protobuf", MESSAGES, fields, (MalformedProtobuf,), (3_000, 120), messages=True),
    Subject("messages", MESSAGES, READ_MESSAGES, (MalformedProtobuf,), (6_000, 300), messages=True),
    Subject("node", NODES, node, (MalformedProtobuf,), (3_000, 150), messages=True),
    Subject("token", TOKENS, token, (Refusal,), (60_000, 400), messages=True),
    Subject("request", REQUESTS, signed_messages, (Refusal,), (20_000, 400), messages=True),
    Subject("name", NAMES, named, (Refusal,), (20_000, 200), messages=True),
    Subject("activity", [*RECORDS, *NOTES], at_rest, (msgspec.DecodeError,), (10_000, 60)),
    Subject("grpc", FRAMED, grpc, (Refusal,), (3_000, 100)),
    Subject("grpc_web", WEB, READ_WEB, (GrpcBroken,), (3_000, 60)),
    Subject("finality", FINALITY, finality, (Refusal, HeaderNeeded), (20_000, 100)),
    Subject("warp", [WARP, b"\x00\x01"], warp, (), (20_000, 100)),
    Subject("metadata", METADATA, metadata, (BadAnswer, MalformedScale, UnknownMetadataVersion), (20_000, 200)),
    Subject("value", VALUES, value, (BadAnswer, MalformedScale), (200_000, 400)),
    Subject("extrinsic", EXTRINSICS, extrinsic, (BadAnswer, MalformedScale, UnknownExtrinsicVersion), (200_000, 400)),
    Subject("storage", list(STORAGE_KEYS.values()), storage, (), (20_000, 100)),
    Subject("http2", conversation(), http2, (Http2Broken,), (50_000, 600)),
    Subject("scale", COMPACTS, scale, (MalformedScale,)),
    Subject("header", HEADERS, header, (MalformedScale, BadAnswer)),
    Subject("checkpoint", PAYLOADS, checkpoint, (Refusal,), (20_000, 120)),
    Subject("layouts", STORED, stored, (layouts.UnknownLayout,)),
    Subject("metadata_pin", [one["payload"].encode() for one in PINS], metadata_pin, (Refusal,), (20_000, 120)),
    Subject("kept_anchor", KEPT, kept_anchor, (RecordDamaged, RecordNewer), (20_000, 120)),
    Subject("checkpoint_text", PARTS, parts, (Refusal,), (3_000, 60)),
    Subject("rpc", RPC_MESSAGES, rpc, (BadAnswer,), (3_000, 60)),
    Subject("trie", [*ENTRIES, encode_proof(ENTRIES)], state_proof, (BadAnswer,), (60_000, 200)),
]  # fmt: skip
