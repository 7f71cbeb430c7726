"""How answers look: charts, tables and HTML. Nothing is asked here."""
