-- Every registered bed as it is now, with its display status at the hospital's $now.
-- A status that is not known here is shown as closed: unknown is never shown as free.
SELECT
    *,
    CASE
        WHEN bed_status IN ('occupied', 'isolated') THEN 'occupied'
        WHEN bed_status IN ('dirty', 'contaminated', 'cleaning') THEN 'dirty'
        WHEN bed_status IS DISTINCT FROM 'available' THEN 'closed'
        WHEN next_starts_at <= $now + to_minutes($reserved_ahead_minutes)
            AND (next_ends_at IS NULL OR next_ends_at > $now) THEN 'reserved'
        ELSE 'available'
    END AS display_status,
    coalesce(
        next_booking_id IS NOT NULL AND current_booking_id IS NOT NULL
            AND (current_is_at_risk OR expected_discharge_at <= $now),
        false
    ) AS next_is_at_risk
FROM live_board
ORDER BY length(ward_id), ward_id, length(room_id), room_id, bed_id
