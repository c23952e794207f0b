"""`python -m tui` is `edge-node-tui`."""

import sys

from tui.entry import main

sys.exit(main())
