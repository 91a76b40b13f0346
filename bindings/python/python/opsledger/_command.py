"""The console script: the same command as the native one."""

import signal
import sys

from ._opsledger import _command


def main() -> int:
    # The command never comes back to the interpreter while it works, so signals do what they do to a native program.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    return _command(sys.argv)
