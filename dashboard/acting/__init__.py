"""What a person does: the widgets that ask for it, the call to the API, what became of it."""
