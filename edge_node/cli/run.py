"""`edge-node run`: the node in the foreground, as a service manager wants it."""

import faulthandler
import gc
import os
import resource
import sys
from contextlib import closing
from functools import partial

from edge_node.cli.options import ConfigOption
from edge_node.cli.words import say_line

# What a thread waits at most for the interpreter beside a busy loop, again after each step of SQLite. With the usual 5
# ms it may wait for ever: every short turn of the loop offers the interpreter for a moment and so begins the wait anew.
SWITCH_S = 0.000_1
DESCRIPTORS = 65_536  # every client one, every segment being read one, and room


def run(*, config: ConfigOption = None) -> None:
    """Run the node until SIGTERM or SIGINT (a second one skips the drain).

    Once every room is ready one line of JSON on standard output names the addresses: `{"event": "listening", …}`, with
    those of further pairs of doors in `more`.
    """
    import trio

    from edge_node.base.clock import SystemClock
    from edge_node.base.log import configure
    from edge_node.node import SettingsSource, run_node
    from edge_node.settings import load
    from edge_node.supervise import Notifier

    # Where a watchdog or a defect ends the process, the log says what every thread was doing: code, never values.
    faulthandler.enable()
    os.umask(0o077)
    _allow_descriptors()
    read = partial(load, config, os.environ)
    source = SettingsSource(read(), read)
    settings = source.loaded.settings
    configure(settings.log.level, settings.log.form)
    sys.setswitchinterval(SWITCH_S)
    gc.freeze()  # what was imported stays: looking through it again and again would stop the loop for milliseconds
    with closing(Notifier.of(os.environ, SystemClock())) as notifier:
        trio.run(partial(run_node, settings, announce=_announce, notifier=notifier, source=source))


def _announce(urls: list[str]) -> None:
    first: dict[str, str] = {}
    more = [url for url in urls if first.setdefault(url.partition("://")[0], url) != url]
    say_line({"event": "listening", **first, **({"more": more} if more else {})})


def _allow_descriptors() -> None:
    # Service managers start with 1,024 and permit far more: clients alone may take 2,048, and a journal that gets none
    # for its next segment would have to stop writing.
    allowed, possible = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if possible == resource.RLIM_INFINITY else min(possible, DESCRIPTORS)
    if allowed != resource.RLIM_INFINITY and allowed < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, possible))
