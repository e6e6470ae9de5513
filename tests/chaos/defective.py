"""Runs a service with a planted defect: `python -m tests.chaos.defective services.intake`.

`LEADOPS_DEFECT` names it. This is the only way in which a process gets one.
"""

import importlib
import os
import sys

from tests.simulation.defects import DEFECTS


def main() -> None:
    DEFECTS[os.environ["LEADOPS_DEFECT"]]()
    importlib.import_module(f"{sys.argv[1]}.app").main()


if __name__ == "__main__":
    main()
