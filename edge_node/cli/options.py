"""Options that several verbs share."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

ConfigOption = Annotated[
    Path | None,
    Parameter("--config", help="Settings file; default: $EDGE_NODE_CONFIG, then /etc/edge-node/edge-node.toml."),
]
JsonOption = Annotated[bool, Parameter("--json", help="Answer in JSON, for machines.")]
