"""The questions, by name: each is the text of one file in sql/, with named parameters."""

from importlib.resources import files


def _question(name: str) -> str:
    return files("dashboard").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


beds = _question("beds")
census_hourly = _question("census_hourly")
counted_period = _question("counted_period")
lake_mode = _question("lake_mode")
last_known_time = _question("last_known_time")
movements_daily = _question("movements_daily")
shown_seq = _question("shown_seq")
top_terms = _question("top_terms")
updates = _question("updates")
ward_occupancy = _question("ward_occupancy")
wards = _question("wards")
