"""The name of whoever acts, as it travels in the header `X-Actor`."""

LONGEST = 100


def actor_name(text: str) -> str:
    """Without the blanks around it. Raises ValueError for what cannot travel in a header."""
    name = text.strip()
    if not 1 <= len(name) <= LONGEST:
        raise ValueError(f"A name has 1 to {LONGEST} characters.")
    if not name.isprintable():
        odd = next(character for character in name if not character.isprintable())
        raise ValueError(f"A name cannot hold the character U+{ord(odd):04X}; type it again.")
    return name
