"""Run the command line: ``python -m wecom_auto``."""

from __future__ import annotations

import sys

from wecom_auto.cli import main

if __name__ == "__main__":
    sys.exit(main())
