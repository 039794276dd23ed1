"""``python -m sentis_lint``."""

from sentis_lint.cli import run

if __name__ == "__main__":
    run()
