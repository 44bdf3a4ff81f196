"""From "received" to "confirmed": one request, carried to one system."""
