"""Mail: letters made from templates, and the connection that takes them away."""
