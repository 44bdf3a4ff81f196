"""Erasing (Art. 17 GDPR): now or later, and what had to be kept when its time is over."""
