"""A settings value in TOML's spelling."""

import json


def toml_literal(value: object) -> str:
    """`value` as it stands in a settings file: text, numbers, booleans and lists of them."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            # JSON's escapes are TOML's; DEL alone is bare in JSON and forbidden in TOML.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list() | tuple():
            return "[" + ", ".join(toml_literal(item) for item in value) + "]"
    raise TypeError(f"no TOML form for {type(value).__name__}")
