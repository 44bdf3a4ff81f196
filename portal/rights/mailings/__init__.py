"""Mailings: stopping, giving again, less, a break, and taking a stop back."""
