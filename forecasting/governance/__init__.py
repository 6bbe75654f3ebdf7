"""Where a verb is checked: who may do what, by which policy, how memory follows the ledger."""
