"""`./snr down`."""

import sys

from cli.settings import StackSettings
from cli.stack import Stack
from lake.places import Places


def run() -> None:
    stack = Stack(Places.from_settings(), StackSettings())
    if stack.pid is None:
        print(f"Nothing runs on {stack.places.home}.", file=sys.stderr)
        return
    stack.stop()
    print("Stopped.", file=sys.stderr)
