"""Real processes, real broker and store, real faults; judged by the simulator's oracle."""
