"""Wing 2: what subscribers decided about each purpose, with the proof of it."""
