"""Wing 1: how a subscriber gets in, and how long that lasts."""
