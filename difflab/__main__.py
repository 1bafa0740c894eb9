"""`python -m difflab` is the command `difflab`."""

import sys

from difflab.cli import main

if __name__ == "__main__":
    sys.exit(main())
