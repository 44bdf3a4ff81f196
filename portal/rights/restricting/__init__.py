"""Restricting (Art. 18 GDPR) and objecting (Art. 21 GDPR)."""
