"""The two logs: decisions (facts, one total order) and probes (rounds, in order for each agent)."""
