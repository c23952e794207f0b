"""Every verb with the place of its code, imported only when it is used."""

from typing import NamedTuple

from cyclopts import App, Parameter

from edge_node import __version__


class Verb(NamedTuple):
    """A first word: `place` is `module:name` of a function, or of an App for a noun with verbs of its own."""

    name: str
    place: str
    about: str


VERBS = (
    Verb("init", "edge_node.cli.init:init", "Make a node: data directory, keys, settings file."),
    Verb("run", "edge_node.cli.run:run", "Run the node in the foreground."),
    Verb("settings", "edge_node.cli.settings:app", "Show every setting with its source; apply a changed file."),
    Verb("key", "edge_node.cli.key:app", "Make key files and show public keys."),
    Verb("device", "edge_node.cli.device:app", "Manage the devices of a node."),
    Verb("stream", "edge_node.cli.stream:app", "List and read event streams."),
    Verb("piece", "edge_node.cli.piece:app", "Store and fetch pieces by their CID."),
    Verb("store", "edge_node.cli.store:app", "Look through what a running node keeps: buckets, pieces, names."),
    Verb("grant", "edge_node.cli.grant:app", "Read DDC tokens; revoke them, or what an account holds or issued."),
    Verb("chain", "edge_node.cli.chain:app", "Watch the chain that a node follows; say what it may believe."),
    Verb("verify", "edge_node.cli.verify:verify", "Check a saved page or body without any node."),
    Verb("doctor", "edge_node.cli.doctor:doctor", "Examine a node: evidence, verdict, remedy."),
    Verb("bundle", "edge_node.cli.bundle:bundle", "Gather what helps to find a fault, without secrets."),
    Verb("devnet", "edge_node.cli.devnet:app", "Try a node and five devices on this machine."),
    Verb("tui", "edge_node.cli.tui:tui", "Watch and operate a node from a terminal."),
    Verb("version", "edge_node.cli.version:version", "Show the version and what it runs on."),
    Verb("completion", "edge_node.cli.completion:completion", "Print a completion script for a shell."),
)


def build_app() -> App:
    """The whole command line. Help and usage errors are cyclopts' own; exit codes are entry's."""
    app = App(
        name="edge-node",
        help="A sovereign edge node: signed readings and content-addressed pieces, stored durably and proved.",
        version=__version__,
        default_parameter=Parameter(negative=()),  # a flag is given or not; `--no-json` says nothing new
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
    )
    for verb in VERBS:
        app.command(verb.place, name=verb.name, help=verb.about)
    return app
