"""The batch builds' parts: one at a time, a range of hospital dates each."""
