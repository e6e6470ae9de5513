"""Which profiles want a subject: attributes, filters and lists, and nothing of what they are."""
