"""What is held about a subscriber, read live from the systems, and whose record is whose."""
