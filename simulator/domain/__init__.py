"""The booking rules. Pure: decides from values, touches nothing."""
