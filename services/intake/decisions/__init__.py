"""What is read for each decision, beside the decision itself: between the table and the rooms."""
