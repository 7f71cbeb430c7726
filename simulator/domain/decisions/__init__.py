"""What each command does to the hospital, if the rules let it."""
