"""What becomes of a lead: as what it is read, its outcome and contact, and what it replaces."""
