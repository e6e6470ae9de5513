"""Who may ask for what, where several contracts have the same answer."""

OPERATES = frozenset({"operator", "project_manager", "delivery"})
