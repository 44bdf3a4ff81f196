"""Changing the e-mail address, with the old mailbox's veto: see docs/change-of-address.md."""
