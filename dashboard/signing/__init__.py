"""The door of the dashboard: its routes for signing in and out, and who may pass to its pages."""
