"""Small mistakes made on purpose in the pure modules and the loop, to see which no test notices."""
