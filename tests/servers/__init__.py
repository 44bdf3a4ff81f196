"""Real servers for the tests: databases, mail, a browser.

Loaded as pytest plugins by ``tests/conftest.py``. A server is started by the first test that asks
for it, is shared by all pytest-xdist workers, and ends with the session. Everything listens on
loopback and lives in one temporary folder.
"""
