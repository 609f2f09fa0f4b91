"""Where facts come in: one file per source."""
