"""The tests; they mirror portal/, one file per behaviour."""
