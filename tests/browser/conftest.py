"""The node that browsers visit: made once, copied per test."""

from tests.gateway.conftest import site, template

__all__ = ["site", "template"]
