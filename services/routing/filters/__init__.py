"""What each filter of a campaign is, whole, in one row; `registry.py` has them all, in order."""
