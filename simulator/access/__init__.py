"""Who is asking: people with their roles, sessions and devices, and the tokens of services."""
