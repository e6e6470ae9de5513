"""Who fits whom: a campaign's criteria, a lead's values, and every check that fails (RTE-09)."""
