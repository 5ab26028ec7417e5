"""`mlci.yml`: from text to frozen types, every error at once; and whose gates judge."""
