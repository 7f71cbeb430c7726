"""When two patients in one room break a rule of the ward, in the SQL that Spark and DuckDB share.

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

ISOLATION = """
    CASE
        WHEN a.current_isolation_kind = 'protective' OR b.current_isolation_kind = 'protective'
        THEN true
        WHEN a.current_isolation_kind = 'source' AND b.current_isolation_kind = 'source'
        THEN NOT coalesce(a.current_infection = b.current_infection, false)
        WHEN a.current_isolation_kind = 'source'
        THEN NOT coalesce(array_contains(b.current_contact_of, a.current_infection), false)
        WHEN b.current_isolation_kind = 'source'
        THEN NOT coalesce(array_contains(a.current_contact_of, b.current_infection), false)
        ELSE coalesce(array_join(a.current_contact_of, chr(10)), '')
            <> coalesce(array_join(b.current_contact_of, chr(10)), '')
    END
"""
"""Those exposed to the same share a room, with its source too."""
