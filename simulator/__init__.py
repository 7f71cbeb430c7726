"""The booking side: the rules of the ward, the one writer of the event log, and its HTTP API."""
