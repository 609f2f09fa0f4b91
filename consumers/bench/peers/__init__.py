"""Other ways from the same results to the same sums."""
