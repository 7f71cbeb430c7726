"""The one writer of the event log: what is decided is on disk before anyone is told."""
