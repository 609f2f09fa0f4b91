"""What a monitoring system may know of a ledger and of who works on it, in the form of Prometheus."""
