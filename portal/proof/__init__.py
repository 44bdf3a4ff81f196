"""Proof for both sides: the ledger."""
