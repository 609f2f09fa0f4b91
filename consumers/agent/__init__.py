"""The agent: probes platforms and gives a round a minute to its outbox, which the ledger gets it from."""
