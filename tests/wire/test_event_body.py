"""Event bodies: shapes, counts, slices, and the refusals that name the line."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.wire.event_body import (
    BodyForm,
    BodyShape,
    ContentTypeRefused,
    MalformedEvent,
    TooManyEvents,
    body_form,
    clean_content_type,
    inspect_body,
    split_items,
)

CORPUS = Path(__file__).parents[1] / "vectors/json_hostile.json"
HOSTILE = {case["name"]: case for case in json.loads(CORPUS.read_text())["cases"]}

EVENT, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
LINES, JSON = "application/x-ndjson", "application/json"

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10)
members = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
events = st.fixed_dictionaries(
    {"specversion": st.just("1.0"), "id": texts, "source": texts, "type": texts},
    optional={"data": st.dictionaries(texts, members, max_size=3), "time": texts},
)


def event(**changes: object) -> dict:
    """A small sound CloudEvent with members changed; a member of None is left out."""
    whole = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", **changes}
    return {name: value for name, value in whole.items() if value is not None}


def inspect(content_type: str, body: bytes | str, items_max: int = 10_000) -> BodyShape:
    """inspect_body with a generous limit."""
    return inspect_body(content_type, body if isinstance(body, bytes) else body.encode(), items_max=items_max)


@pytest.mark.parametrize("case", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_json_in_every_form(case):
    """The corpus gets the same verdict as JSON, as a member of a CloudEvent, of a batch and of a line."""
    raw = bytes.fromhex(case["hex"]) if "hex" in case else case["text"].encode()
    if case["event"] == "accepted":
        assert inspect(JSON, raw) == BodyShape(BodyForm.JSON, 1)
        assert split_items(JSON, raw) == [raw]
    else:
        with pytest.raises(MalformedEvent):
            inspect(JSON, raw)
    # Inside an event: only what is refused for another reason than where it stands, and is one value, compares.
    if case["event"] == "refused" and "wrapper" not in case["name"]:
        inside = b'{"specversion":"1.0","id":"1","source":"s","type":"t","data":' + raw + b"}"
        for content_type, body in ((EVENT, inside), (BATCH, b"[" + inside + b"]"), (LINES, inside)):
            with pytest.raises(MalformedEvent):
                inspect(content_type, body)


@given(events)
def test_one_cloud_event_is_one(value):
    """A sound CloudEvent counts one and is its own item, byte for byte."""
    raw = json.dumps(value).encode()
    assert inspect(EVENT, raw) == BodyShape(BodyForm.CLOUDEVENT, 1)
    assert split_items(EVENT, raw) == [raw]


@given(st.lists(events, min_size=1, max_size=8), st.sampled_from([b",", b" , ", b"\n,\r\n\t"]), st.booleans())
def test_batch_is_cut_into_the_bytes_that_were_joined(values, joint, ascii_only):
    """A batch counts its events and gives back the bytes of each, whatever stands between them."""
    items = [json.dumps(value, ensure_ascii=ascii_only).encode() for value in values]
    body = b" [ " + joint.join(items) + b" ]\n"
    assert inspect(BATCH, body) == BodyShape(BodyForm.CLOUDEVENTS_BATCH, len(items))
    assert split_items(BATCH, body) == items


@given(
    st.lists(st.dictionaries(texts, members), min_size=1, max_size=8), st.sampled_from([b"\n", b"\r\n"]), st.booleans()
)
def test_lines_are_cut_without_their_ends(values, end, closed):
    """NDJSON counts lines, with or without the last line end, and an item is its line without the end."""
    items = [json.dumps(value).encode() for value in values]
    body = end.join(items) + (end if closed else b"")
    for content_type in (LINES, "application/ndjson"):
        assert inspect(content_type, body) == BodyShape(BodyForm.NDJSON, len(items))
        assert split_items(content_type, body) == items


@given(st.binary(max_size=100))
def test_anything_else_is_one_opaque_event(body):
    """A body of an unknown type is one event and is not looked at, even when it is empty."""
    for content_type in ("application/octet-stream", "text/plain", "application/cloudevents+avro", "image/jpeg"):
        assert inspect(content_type, body) == BodyShape(BodyForm.OPAQUE, 1)
        assert split_items(content_type, body) == [body]


@pytest.mark.parametrize(
    "changes",
    [
        {"specversion": None},
        {"specversion": "0.3"},
        {"specversion": 1.0},
        {"id": None},
        {"id": ""},
        {"id": 1},
        {"source": None},
        {"source": ""},
        {"type": None},
        {"type": ""},
        {"type": ["t"]},
    ],
    ids=str,
)
def test_required_attributes(changes):
    """A CloudEvent without a sound required attribute is refused alone, and takes its batch with it."""
    broken = json.dumps(event(**changes))
    with pytest.raises(MalformedEvent):
        inspect(EVENT, broken)
    with pytest.raises(MalformedEvent, match=r"\$\[1\]|\[1\]"):
        inspect(BATCH, f"[{json.dumps(event())},{broken}]")


@pytest.mark.parametrize("content_type", [EVENT, BATCH])
def test_a_refusal_repeats_nothing_of_the_body(content_type):
    """Its words go where payloads must not: the view socket, the log, a bundle."""
    broken = json.dumps(event(specversion="private reading"))
    with pytest.raises(MalformedEvent, match="specversion") as refusal:
        inspect(content_type, f"[{broken}]" if content_type == BATCH else broken)
    assert "private" not in str(refusal.value)


@pytest.mark.parametrize("body", ["[]", " [ ] "])
def test_an_empty_batch_is_refused(body):
    """A batch holds at least one event."""
    with pytest.raises(MalformedEvent, match="no event"):
        inspect(BATCH, body)


def test_empty_lines_are_refused():
    """NDJSON without a line, or with an empty one, is refused; the line is named."""
    with pytest.raises(MalformedEvent, match="no event"):
        inspect(LINES, "")
    for body, line in (("\n", 1), ("{}\n\n{}", 2), ("{}\n{}\n\n", 3), ("{}\r\n\r\n", 2)):
        with pytest.raises(MalformedEvent) as refused:
            inspect(LINES, body)
        assert refused.value.line == line


@pytest.mark.parametrize("line", ["[]", "1", '"x"', "{", '{"a":1} {"a":2}', '{"a":', "x", '{"a":NaN}'])
def test_the_broken_line_is_named(line):
    """A line that is no object is refused by its 1-based number, in the text too."""
    with pytest.raises(MalformedEvent, match="line 3") as refused:
        inspect(LINES, f'{{}}\n{{"a":1}}\n{line}\n{{}}')
    assert refused.value.line == 3


def test_the_line_is_named_for_bytes_and_depth_too():
    """Invalid UTF-8 and too deep nesting name their line."""
    for broken in (b'{"a":"\xff"}', b'{"a":' + b"[" * 32 + b"]" * 32 + b"}"):
        with pytest.raises(MalformedEvent) as refused:
            inspect(LINES, b"{}\n" + broken + b"\n{}")
        assert refused.value.line == 2
        with pytest.raises(MalformedEvent) as refused:
            inspect(JSON, broken)
        assert refused.value.line is None


def test_an_object_over_two_lines_is_two_broken_lines():
    """An object that goes over a line end is refused, although the text would parse as a whole."""
    with pytest.raises(MalformedEvent) as refused:
        inspect(LINES, '{"a":\n1}')
    assert refused.value.line == 1


@pytest.mark.parametrize("form", [BATCH, LINES])
def test_limit_of_events(form):
    """The limit itself passes and one event more is refused with 413."""
    one = json.dumps(event())
    body = "[" + ",".join([one] * 5) + "]" if form == BATCH else "\n".join([one] * 5)
    assert inspect(form, body, items_max=5).count == 5
    with pytest.raises(TooManyEvents) as refused:
        inspect(form, body, items_max=4)
    assert (refused.value.status, refused.value.limit) == (413, 4)


def test_line_ends_alone_are_counted_before_they_are_cut():
    """A body of line ends is refused by their number."""
    with pytest.raises(TooManyEvents):
        inspect(LINES, b"\n" * 20_000)


@pytest.mark.parametrize("brackets", [b"[]", b"{}"])
def test_limit_of_depth(brackets):
    """Depth 32 passes and 33 does not, in the batch counted from its own array."""
    start, end = (b"[", b"]") if brackets == b"[]" else (b'{"a":', b"}")
    item = b'{"specversion":"1.0","id":"1","source":"s","type":"t","data":%s}'
    for outer, content_type, frame in ((1, EVENT, item), (2, BATCH, b"[" + item + b"]")):
        inner = 32 - outer
        assert inspect(content_type, frame % (start * inner + b"1" + end * inner)).count == 1
        with pytest.raises(MalformedEvent, match="deeper"):
            inspect(content_type, frame % (start * (inner + 1) + b"1" + end * (inner + 1)))


@pytest.mark.parametrize(
    ("content_type", "form"),
    [
        ("application/json", BodyForm.JSON),
        ("Application/JSON", BodyForm.JSON),
        ("application/json; charset=utf-8", BodyForm.JSON),
        ("application/json;charset=utf-8", BodyForm.JSON),
        ("application/json ; a=b", BodyForm.JSON),
        ("application/cloudevents+json; charset=UTF-8", BodyForm.CLOUDEVENT),
        ("application/json+x", BodyForm.OPAQUE),
        ("text/json", BodyForm.OPAQUE),
    ],
)
def test_the_media_type_alone_decides(content_type, form):
    """Case and parameters play no part in the form."""
    assert body_form(content_type) is form


@pytest.mark.parametrize("content_type", ["json", "application/", "/json", "a b/c", "a/b/c", ";charset=utf-8", ",", ""])
def test_what_is_no_media_type_is_refused(content_type):
    """A content type without type and subtype is refused with 415."""
    with pytest.raises(ContentTypeRefused) as refused:
        inspect(content_type, b"{}")
    assert (refused.value.status, refused.value.slug) == (415, "content-type")


def test_content_type_is_signed_without_outer_white_space():
    """Outer spaces and tabs go, inner ones and the case stay."""
    assert clean_content_type(" \tText/Plain;  a=b\t ") == "Text/Plain;  a=b"


@pytest.mark.parametrize("value", ["", " \t", "a" * 256, "a/b\r\nx: y", "a/b\x00", "tëxt/plain", "a/b\x7f", "\xa0a/b"])
def test_content_type_that_cannot_be_signed(value):
    """Nothing, 256 characters, control characters and non-ASCII cannot be signed."""
    with pytest.raises(ContentTypeRefused):
        clean_content_type(value)


def test_longest_content_type():
    """255 characters are signed."""
    assert clean_content_type("a" * 255) == "a" * 255


@given(st.sampled_from([EVENT, BATCH, LINES, JSON]), st.binary(max_size=60))
def test_any_bytes_are_counted_or_refused(content_type, body):
    """Any bytes end in a shape whose items are as many, or in a refusal."""
    try:
        shape = inspect(content_type, body)
    except (MalformedEvent, TooManyEvents):
        return
    assert len(split_items(content_type, body)) == shape.count
