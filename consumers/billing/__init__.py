"""The reference billing consumer: the days that are owed, each penalty once, in a store of its own."""
