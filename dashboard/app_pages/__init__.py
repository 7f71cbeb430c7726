"""The pages, one script each: choose (widgets), ask, draw."""
