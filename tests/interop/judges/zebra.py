"""ed25519 as chains verify it: the crate ed25519-zebra (ZIP-215) through its Python bindings."""

import ed25519_zebra


def verify(cases):
    """Of each (key, message, signature) in hex, whether it is valid; what cannot be a key raises, and is not."""
    return {"valid": [_valid(*(bytes.fromhex(part) for part in case)) for case in cases]}


def _valid(key, message, signature):
    try:
        return ed25519_zebra.ed_verify(signature, message, key)
    except ValueError:
        return False
