"""What is put: campaigns in versions, lists of companies, the tenant's policy; and whether it
holds."""
