-- Every registered bed as it is at the hospital's $now, with its display status.
SELECT
    *,
    coalesce(
        next_booking_id IS NOT NULL AND (
            (current_booking_id IS NOT NULL
                AND (current_is_at_risk OR expected_discharge_at <= $now))
            OR (room_closed_reason_code IS NOT NULL
                AND coalesce(next_starts_at <= $now OR next_starts_at < room_closed_until_at, true))
            OR (ward_closed_reason_code IS NOT NULL
                AND coalesce(next_starts_at <= $now OR next_starts_at < ward_closed_until_at, true))
        ),
        false
    ) AS next_is_at_risk
FROM board_at($now)
ORDER BY length(ward_id), ward_id, length(room_id), room_id, bed_id
