"""`python -m deephypebot` is the command line."""

import sys

from deephypebot.cli import main

if __name__ == "__main__":
    sys.exit(main())
