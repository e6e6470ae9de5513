"""What a customer orders, and when its months begin and end."""
