"""Which leads a change lets through that it kept away before, and matching them again (RTE-14)."""
