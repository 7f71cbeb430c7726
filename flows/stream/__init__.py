"""The live stream's parts: what a micro-batch does, and what keeps the stream running."""
