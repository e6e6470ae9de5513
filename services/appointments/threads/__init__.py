"""What customers and the house wrote to each other."""
