"""``python -m sentis_lint``."""

import sys

from sentis_lint.cli import main

if __name__ == "__main__":
    sys.exit(main())
