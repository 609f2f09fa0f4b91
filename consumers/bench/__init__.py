"""The reference month: what a replay costs, beside other ways to the same figures."""
