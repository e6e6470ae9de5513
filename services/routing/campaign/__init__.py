"""The campaign's shard: a claim is granted or refused here, and what is granted is sent."""
