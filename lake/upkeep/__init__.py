"""Upkeep of tables: who owns them, what their followers have read, and when old files may go."""
