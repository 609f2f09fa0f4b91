"""Pure folds: the same facts in, the same figures out."""
