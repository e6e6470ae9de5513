"""The batch loop that carries every service; start reading at `shared/loop/loop.py`."""
