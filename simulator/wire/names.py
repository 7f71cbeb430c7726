"""Names that people type: of whoever acts (the header `X-Actor`), and of a patient."""

import re

from lake.vocabulary import canonical_ref

LONGEST = 100
PATIENT_REF = re.compile(r"[A-Za-z0-9._-]{3,64}", re.ASCII)


def actor_name(text: str) -> str:
    """Without the blanks around it. Raises ValueError for what cannot travel in a header."""
    name = text.strip()
    if not 1 <= len(name) <= LONGEST:
        raise ValueError(f"A name has 1 to {LONGEST} characters.")
    if not name.isprintable():
        odd = next(character for character in name if not character.isprintable())
        raise ValueError(f"A name cannot hold the character U+{ord(odd):04X}; type it again.")
    return name


def patient_ref(text: str) -> str:
    """In capitals, without the blanks around it: one patient has one reference. Raises ValueError
    for what cannot be a reference: with no digit, it is a name."""
    text = canonical_ref(text)
    if not PATIENT_REF.fullmatch(text):
        raise ValueError(
            "A patient reference is 3 to 64 letters, digits, dots, dashes or underscores, "
            "at least one digit."
        )
    if not re.search(r"[0-9]", text):
        raise ValueError(
            "A patient reference holds at least one digit: it is not the patient's name."
        )
    return text
