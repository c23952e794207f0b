"""`edge-node completion`: a script that teaches a shell the verbs."""

from typing import Annotated, Literal

from cyclopts import Parameter

from edge_node.cli.verbs import build_app
from edge_node.cli.words import say


def completion(shell: Annotated[Literal["bash", "zsh", "fish"], Parameter(help="The shell to write for.")]) -> None:
    """Print a completion script: `source <(edge-node completion bash)`."""
    say(build_app().generate_completion(shell=shell))
