"""Scripts for whoever works on the portal; no part of what is installed."""
