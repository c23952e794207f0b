"""What the HTTP doors of buckets say of themselves is what they take and give."""

from typing import Any

import msgspec
import pytest

from edge_node.gateway import ddc_json_forms as forms
from edge_node.gateway import ddc_operations as operations
from edge_node.gateway.operation import Auth, Operation

EVERY = [one for one in vars(operations).values() if isinstance(one, Operation)]


def members(form: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(form)}


def schema_of(operation: Operation, *, asked: bool) -> Any:
    """The JSON Schema of what an operation takes or gives."""
    if asked:
        assert operation.body is not None
        return operation.body.types["application/json"]
    return operation.answers[200].schema


@pytest.mark.parametrize(
    ("operation", "asked", "form"),
    [
        (operations.PUT_NODE, True, forms.DagPutForm),
        (operations.PUT_NODE, False, forms.CidForm),
        (operations.GET_NODE, False, forms.DagAnswerForm),
        (operations.GET_NODE_BELOW, False, forms.DagAnswerForm),
        (operations.PUT_NAME, True, forms.CnsPutForm),
        (operations.GET_NAME, False, forms.CnsAnswerForm),
    ],
)
def test_messages_are_described_by_their_members(operation: Operation, asked: bool, form: type[msgspec.Struct]) -> None:
    """Each message has exactly the members of its form."""
    assert set(schema_of(operation, asked=asked)["properties"]) == members(form)


def test_what_messages_hold_is_described() -> None:
    """A node's links and tags, a record and its signature."""
    node = schema_of(operations.GET_NODE, asked=False)["properties"]["node"]["properties"]
    record = schema_of(operations.GET_NAME, asked=False)["properties"]["record"]["properties"]
    assert set(node) == members(forms.NodeForm)
    assert set(node["links"]["items"]["properties"]) == members(forms.LinkForm)
    assert set(node["tags"]["items"]["properties"]) == members(forms.TagForm)
    assert set(record) == members(forms.RecordForm)
    assert set(record["signature"]["properties"]) == members(forms.SignatureForm)


@pytest.mark.parametrize("operation", EVERY, ids=lambda one: one.id)
def test_who_asks_shows_a_token(operation: Operation) -> None:
    """Everywhere but in a preflight, and in the path of every one is the bucket."""
    assert operation.auth is (Auth.NOTHING if operation.method == "OPTIONS" else Auth.TOKEN)
    assert "{bucket:number}" in operation.path
