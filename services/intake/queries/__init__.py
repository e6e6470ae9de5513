"""What is read, and never decided: the API, the search, and what would become of a lead."""
