"""When two patients in one room break a rule of the ward, in the SQL of Spark and of DuckDB.

`a` is who is affected, `b` who is there too; both are rows with the columns of a bed's patient.
"""

MIXED_SEX = """
    a.current_single_sex_from_at IS NOT NULL
    AND NOT coalesce(a.is_cot, false) AND NOT coalesce(b.is_cot, false)
    AND NOT coalesce(a.current_rooms_with = b.current_rooms_with, false)
    AND NOT coalesce(a.current_placed_with_patient_ref = b.current_patient_ref, false)
    AND NOT coalesce(b.current_placed_with_patient_ref = a.current_patient_ref, false)
"""
"""From `a.current_single_sex_from_at` on. Two of whom nothing is said break it too."""

CARRIED_IN_SPARK = """
    array_join(array_sort(array_union(
        coalesce({one}.current_contact_of, array()), array_compact(array({one}.current_infection))
    )), chr(10))
"""
CARRIED_IN_DUCKDB = """
    array_to_string(list_sort(list_distinct(list_concat(
        coalesce({one}.current_contact_of, []), [{one}.current_infection]
    ))), chr(10))
"""
"""What a patient has or was exposed to, as one text."""


def _isolation(carried: str) -> str:
    return f"""
        coalesce(a.current_isolation_kind = 'protective', false)
        OR coalesce(b.current_isolation_kind = 'protective', false)
        OR {carried.format(one="a")} <> {carried.format(one="b")}
    """


ISOLATION_IN_SPARK = _isolation(CARRIED_IN_SPARK)
ISOLATION_IN_DUCKDB = _isolation(CARRIED_IN_DUCKDB)
"""Those who have, or were exposed to, the same share a room."""
