"""The routes of the API: from HTTP to commands, from rows to answers. No rules live here."""
