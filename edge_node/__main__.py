"""`python -m edge_node` is `edge-node`."""

import sys

from edge_node.cli import main

if __name__ == "__main__":
    sys.exit(main())
