"""Whose Spark session a flow works with: one of its own, or the one that `./snr up` lends."""
