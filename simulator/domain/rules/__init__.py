"""What a command may not break (hard), or only by an override (soft), and which beds would do."""
