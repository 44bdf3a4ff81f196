"""Requests: received once, delivered everywhere, and told of step by step."""
