-- Every registered bed as it is at the hospital's $now, with its display status.
SELECT
    *,
    coalesce(
        next_booking_id IS NOT NULL AND current_booking_id IS NOT NULL
            AND (current_is_at_risk OR expected_discharge_at <= $now),
        false
    ) AS next_is_at_risk
FROM board_at($now)
ORDER BY length(ward_id), ward_id, length(room_id), room_id, bed_id
