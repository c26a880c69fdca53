"""Terminal screens for people: the audit log and its sign-off, held records and doubtful spans."""
