"""What a run does besides its work: its records, and the upkeep of the tables it writes."""
