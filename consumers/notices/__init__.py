"""Mail to the administrators: notices of maintenance, alerts of a loss of data, and what became of each."""
