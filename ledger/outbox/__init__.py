"""An agent's rounds on their way to the ledger: kept on its own disk until the ledger has them."""
