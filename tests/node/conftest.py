"""The node that tests of the doors share."""

from tests.gateway.conftest import site, template

__all__ = ["site", "template"]
