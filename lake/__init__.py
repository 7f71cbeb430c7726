"""The lake: words, tables and places, and one file for each engine that touches them."""
