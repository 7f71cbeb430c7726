"""Answers as tables: their headings in words, and as files to take away."""

from io import BytesIO

import pyarrow as pa
import pyarrow.csv
from streamlit import column_config as column

UNIT_KPIS = {
    "unit_name": column.TextColumn("Unit"),
    "period_on": column.DateColumn("From", format="YYYY-MM-DD"),
    "day_count": column.NumberColumn("Days", help="Ended days that are counted"),
    "available_bed_days": column.NumberColumn(
        "Available bed-days", help="Beds at each midnight: staffed and not closed, or taken"
    ),
    "occupied_bed_days": column.NumberColumn("Occupied bed-days"),
    "occupancy_percent": column.NumberColumn("Occupancy %", format="%.1f"),
    "admission_count": column.NumberColumn("Admissions"),
    "case_count": column.NumberColumn("Cases", help="Discharges and deaths"),
    "alos_days": column.NumberColumn(
        "ALOS, days",
        format="%.1f",
        help="Average length of stay: occupied bed-days per case; a same-day stay has none",
    ),
    "median_stay_days": column.NumberColumn(
        "Median stay, days",
        format="%.1f",
        help="Median nights of the patients who left in these days; a same-day stay has 0",
    ),
    "turnover_interval_days": column.NumberColumn(
        "Turnover interval, days", format="%.1f", help="Days that a bed stands empty per case"
    ),
    "bed_use_factor": column.NumberColumn(
        "Bed use factor", format="%.2f", help="Cases per available bed in these days"
    ),
}

BREACHES_NOW = {
    "breach": column.TextColumn("What is broken"),
    "ward_id": column.TextColumn("Ward"),
    "bed_id": column.TextColumn("Bed"),
    "patient_ref": column.TextColumn("Patient"),
    "from_at": None,
    "hours": column.NumberColumn("Hours", format="%.1f"),
}

WHY_NOT = {
    "bed_id": column.TextColumn("Bed", width="small"),
    "detail": column.TextColumn("Why not"),
}

BREACH_DAYS = {
    "ward_name": column.TextColumn("Ward"),
    "breach": column.TextColumn("What was broken"),
    "patient_days": column.NumberColumn("Patient days", help="Each patient once a day"),
    "explained_days": column.NumberColumn("Of them by override"),
}

RISING_TERMS = {
    "ward_id": column.TextColumn("Ward"),
    "term": column.TextColumn("Term"),
    "recent_count": column.NumberColumn("Last 24 h", help="Updates that contain it"),
    "daily_before": column.NumberColumn(
        "A day before", format="%.1f", help="Updates a day in the 7 days before"
    ),
    "rise": column.NumberColumn("Rise", format="%.1f ×"),
}


def csv(answer: pa.Table) -> bytes:
    file = BytesIO()
    pyarrow.csv.write_csv(answer, file)
    return file.getvalue()
