"""The cases of this folder, in the environment of whoever runs it: `python serve.py FD`, as npm/drive.mjs does.

    {"subject": "zebra", "case": "verify", "args": {…}}
    {"facts": {…}} or {"error": {…}}

Cases say what they saw; what is right is decided by the tests. Standard output belongs to the libraries.
"""

import importlib
import json
import os
import sys
import traceback
from pathlib import Path


def perform(asked):
    """The facts of one case, or what it raised."""
    try:
        case = getattr(importlib.import_module(asked["subject"]), asked["case"])
        return {"facts": case(**asked["args"]) or {}}
    except Exception as error:
        shown = {"code": type(error).__name__, "message": str(error), "stack": traceback.format_exc()}
        return {"error": shown}


def main(descriptor):
    """Answer each line of standard input until it ends."""
    sys.path.insert(0, str(Path(__file__).parent))
    with os.fdopen(descriptor, "w") as answers:
        print(json.dumps({"ready": sys.version}), file=answers, flush=True)
        for line in sys.stdin:
            print(json.dumps(perform(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
