"""Stories of leads that are told once and run on a platform: the simulator's world or a stack."""
