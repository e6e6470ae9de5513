"""What affiliates announce, and what they are asked for."""
