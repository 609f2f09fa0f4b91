"""A contract's register and figures in the forms that others read."""
