"""What operators put: affiliates with their mappings, and questions with their allowed answers."""
