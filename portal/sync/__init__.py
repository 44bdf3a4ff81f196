"""The engine of durable work: it knows jobs and handlers, not what they mean."""
