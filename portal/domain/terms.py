"""For how long the portal keeps what is its own. ``/privacy`` tells each of these."""

from datetime import timedelta

QUOTAS = timedelta(days=1)
"""How often something was asked."""
SESSIONS = timedelta(days=1)
"""Sign-ins and sessions that are over; what they held sealed goes with their end."""
COPIES = timedelta(hours=24)
"""A copy that a subscriber made lies ready so long; then its key is destroyed."""
WORK = timedelta(days=30)
"""Alarms, jobs and operators' sessions that are over, to be looked into. They hold no value any
more: that goes with their end."""
FEED = timedelta(days=30)
"""What people decided, for programs that follow it; the settings may say less."""
UNDELIVERED = timedelta(days=180)
"""What could not be delivered keeps its sealed values so long, for an operator to send it again."""
