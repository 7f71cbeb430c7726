"""The simulated hospital: an inhabitant of the desk that acts by the same commands as people do."""
