"""The oracle: judges a finished run from the outside, be it simulated, of chaos or `make run`. It
knows the published language and nothing of the services' code."""
