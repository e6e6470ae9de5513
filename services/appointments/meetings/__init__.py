"""What is known of meetings, and what follows from it; `verdicts.py` is where to begin."""
