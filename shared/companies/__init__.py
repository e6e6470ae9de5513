"""What a company's name and domain are, for lists, caps and search alike."""
