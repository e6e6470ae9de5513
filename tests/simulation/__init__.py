"""The lead path under the seeded simulator: `python -m tests.simulation --help`."""
