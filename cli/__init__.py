"""The commands behind `./snr`: they start and wire the rest."""
