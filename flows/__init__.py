"""Flows: events of the log become curated tables, streaming and in batches."""
