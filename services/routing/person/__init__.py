"""The person's shard: which campaigns a lead is for, the claims on them, and what came of each."""
