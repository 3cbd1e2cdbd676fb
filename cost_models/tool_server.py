"""Answers requests with a tool; runs in the tool's own Python, without archgym.

Usage: python -I tool_server.py SCRIPT

SCRIPT defines ``answer(request: dict) -> dict``. Each line of the standard input is a request as
JSON, each line of the standard output its answer; what the tool prints goes to the standard error.
Ends when the input does, or when the process that started it is gone.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
import threading
import time

_LOOK_SECONDS = 1.0


def main() -> None:
    """Serve until the input ends."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()

    def say(answer: object) -> None:
        out.write(json.dumps(answer) + "\n")
        out.flush()

    try:
        answer = runpy.run_path(sys.argv[1])["answer"]
    except ImportError as error:
        say({"error": str(error)})
        return
    say({"ready": True})
    for line in sys.stdin:
        try:
            say(answer(json.loads(line)))
        except Exception as error:
            say({"error": f"{type(error).__name__}: {error}"})


def _end_with(parent: int) -> None:
    """End this process and whatever it started when its parent has."""
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    main()
