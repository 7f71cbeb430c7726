-- The newest updates that were recorded on or after $recorded_from.
-- The narrow look finds them; only their rows are then read in full.
WITH newest AS (
    SELECT seq
    FROM bronze.bed_events
    WHERE event_date >= $recorded_from
        AND ($ward_id IS NULL OR ward_id = $ward_id)
        AND ($bed_text IS NULL OR contains(lower(bed_id), $bed_text))
        AND (len($event_types) = 0 OR list_contains($event_types, event_type))
        AND ($is_manual IS NULL OR (source = 'manual') = $is_manual)
    ORDER BY seq DESC
    LIMIT $row_limit
)
SELECT
    seq, event_type, occurred_at, recorded_at, ward_id, bed_id, bed_status, booking_id,
    booking_state, patient_ref, starts_at, ends_at, source, actor, reason_code,
    update_text(schema_version, override_reason, reason, note) AS note,
    source = 'manual' AS is_manual
FROM bronze.bed_events
WHERE event_date >= $recorded_from AND seq IN (SELECT seq FROM newest)
ORDER BY seq DESC
