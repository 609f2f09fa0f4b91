"""Who the administrators are: names and addresses, outside the ledger, where they can be erased."""
