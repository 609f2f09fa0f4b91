"""Facts, and the log that keeps them. What happened goes down here and is never edited."""
