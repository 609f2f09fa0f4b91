"""Rounds of a ledger on Kafka folded by a group of processes, for everybody who asks."""
