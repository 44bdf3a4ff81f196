"""How the portal reaches the systems that hold subscribers: one adapter per system."""
