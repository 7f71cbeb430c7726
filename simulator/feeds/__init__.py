"""Other systems' messages: each becomes a command and who it comes from."""
