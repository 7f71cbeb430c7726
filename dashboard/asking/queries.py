"""The questions, by name: each is the text of one file in sql/, with named parameters."""

from importlib.resources import files

_NAMES: dict[str, str] = {}


def _question(name: str) -> str:
    text = files("dashboard.asking").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    _NAMES[text] = name
    return text


def name_of(question: str) -> str:
    return _NAMES.get(question, "another question")


beds = _question("beds")
breach_days = _question("breach_days")
breach_days_by_ward = _question("breach_days_by_ward")
breaches_now = _question("breaches_now")
census_hourly = _question("census_hourly")
checks = _question("checks")
counted_period = _question("counted_period")
failed_checks = _question("failed_checks")
lake_mode = _question("lake_mode")
last_known_time = _question("last_known_time")
last_runs = _question("last_runs")
movements_daily = _question("movements_daily")
newest_runs = _question("newest_runs")
quarantine_newest = _question("quarantine_newest")
quarantine_rules = _question("quarantine_rules")
rising_terms = _question("rising_terms")
shown_seq = _question("shown_seq")
top_terms = _question("top_terms")
turnaround_by_ward = _question("turnaround_by_ward")
unit_kpis = _question("unit_kpis")
update_origins_daily = _question("update_origins_daily")
update_phrases_daily = _question("update_phrases_daily")
updates = _question("updates")
ward_occupancy = _question("ward_occupancy")
wards = _question("wards")
