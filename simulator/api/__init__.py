"""HTTP around the desk: requests to commands, rows to answers. No rule of the ward lives here."""
