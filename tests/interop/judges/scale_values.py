"""Values as scalecodec reads and writes them, by the types of metadata that it is given."""

from functools import cache

from scalecodec.base import RuntimeConfigurationObject, ScaleBytes
from scalecodec.type_registry import load_type_registry_preset


@cache
def types_of(metadata):
    """What scalecodec makes of metadata (V14, hex): a factory of values by `scale_info::ID`."""
    types = RuntimeConfigurationObject(implements_scale_info=True)
    types.update_type_registry(load_type_registry_preset("core"))
    held = types.create_scale_object("MetadataVersioned", data=ScaleBytes("0x" + metadata))
    held.decode()
    types.add_portable_registry(held)
    return lambda type_id, data=None: types.create_scale_object(f"scale_info::{type_id}", data, metadata=held)


def read(metadata, values):
    """Each (type, hex): its `value` and that written `again`, or why it was `unread` or `unwritten`."""
    return {"values": [_read(types_of(metadata), *value) for value in values]}


def _read(make, type_id, raw):
    try:
        value = make(type_id, ScaleBytes("0x" + raw)).decode(check_remaining=True)
    except Exception as error:
        return {"unread": f"{type(error).__name__}: {error}"}
    try:
        return {"value": value, "again": make(type_id).encode(value).to_hex().removeprefix("0x")}
    except Exception as error:
        return {"value": value, "unwritten": f"{type(error).__name__}: {error}"}
