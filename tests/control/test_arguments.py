"""Arguments are checked before anything is planned, and the first that does not fit is named."""

from typing import Any

import pytest

from edge_node.control.arguments import (
    DeviceArguments,
    EnrolArguments,
    LevelArguments,
    NoArguments,
    PublishArguments,
    RetainArguments,
    as_object,
    describe,
    read_arguments,
    read_object,
)
from edge_node.control.errors import ArgumentsMalformed, RequestMalformed


@pytest.mark.parametrize(
    ("given", "kind", "argument"),
    [
        ({}, EnrolArguments, "name"),
        ({"name": "a"}, EnrolArguments, "key"),
        ({"name": "a", "key": "b", "roles": ["king"]}, EnrolArguments, "roles"),
        ({"name": "a", "key": "b", "late_max_s": -1}, EnrolArguments, "late_max_s"),
        ({"name": "a", "key": "b", "bytes_per_day_max": 2**53}, EnrolArguments, "bytes_per_day_max"),
        ({"name": "a", "key": "b", "power": 1}, EnrolArguments, "power"),
        ({"device": "x" * 129}, DeviceArguments, "device"),
        ({"device": 5}, DeviceArguments, "device"),
        ({"level": "loud"}, LevelArguments, "level"),
        ({"x": 1}, NoArguments, "x"),
        ({"stream": "a"}, PublishArguments, "data"),
        ([], NoArguments, ""),
    ],
)
def test_what_does_not_fit_is_named(given: Any, kind: type[Any], argument: str) -> None:
    """Missing, unknown, of another type or out of range."""
    with pytest.raises(ArgumentsMalformed) as refusal:
        read_arguments(given, kind)
    assert refusal.value.argument == argument


def test_defaults_are_filled_in() -> None:
    """What a plan shows is all that will be used."""
    enrol = read_arguments({"name": "a", "key": "b"}, EnrolArguments)
    assert as_object(enrol) == {
        "name": "a",
        "key": "b",
        "roles": ["device"],
        "streams": [],
        "vault": None,
        "note": "",
        "late_max_s": None,
        "bytes_per_day_max": None,
    }
    assert read_arguments(dict(as_object(enrol)), EnrolArguments) == enrol


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"1", b'{"a":1,"a":2}', b'{"a":1.5}', b'{"a":', b"\xff", b'{"a":' + b"[" * 40 + b"]" * 40 + b"}"],
)
def test_a_body_is_one_strict_object(raw: bytes) -> None:
    """Nothing that two readers could read in two ways."""
    with pytest.raises(RequestMalformed):
        read_object(raw)


def test_a_form_can_be_drawn_from_the_description() -> None:
    """Name, kind, whether it must be given, and what it means."""
    rows = {row["name"]: row for row in describe(EnrolArguments)}
    assert rows["name"] == {
        "name": "name",
        "type": "text",
        "required": True,
        "about": "A name for people, unique among devices in use.",
    }
    assert (rows["roles"]["type"], rows["roles"]["required"]) == ("list", False)
    assert (rows["key"]["type"], rows["late_max_s"]["type"]) == ("key", "integer")
    assert [row["type"] for row in describe(RetainArguments)] == ["text", "integer", "integer", "integer"]
    assert all(row["about"] for row in rows.values())
