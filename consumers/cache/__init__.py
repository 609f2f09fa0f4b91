"""The change cache: what agents' rounds were folded to, kept in files that may be thrown away at any time."""
