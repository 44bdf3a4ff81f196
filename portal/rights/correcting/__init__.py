"""Correcting (Art. 16 GDPR): what is typed, what it changes, and what it met."""
