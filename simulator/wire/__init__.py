"""What travels between the API and its clients, once for both sides."""
