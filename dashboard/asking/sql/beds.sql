-- Every registered bed as it is at the hospital's $now, with its display status.
-- is_beside_a_source: another patient in the room is isolated, and it takes nobody new.
-- is_outlier: the patient's specialty is said, and another one than the ward's.
-- breaches: of the room: whom the patient shares it with. That a ward does not take somebody is told
-- by current_not_taken_as.
WITH broken AS (
    SELECT bed_id, list(DISTINCT breach ORDER BY breach) AS breaches, min(from_at) AS breach_since_at
    FROM breaches_at($now)
    WHERE breach IN ('mixed_sex', 'isolation')
    GROUP BY bed_id
)
SELECT
    *,
    coalesce(current_need_specialty <> specialty AND is_cot IS NOT true, false) AS is_outlier,
    count(current_infection) OVER (PARTITION BY room_id) > (current_infection IS NOT NULL)::INT
        AS is_beside_a_source,
    coalesce(
        next_booking_id IS NOT NULL AND (
            (current_booking_id IS NOT NULL
                AND (current_is_at_risk OR (expected_discharge_at <= $now
                    AND (next_starts_at <= $now OR current_is_end_assumed IS NOT true))))
            OR (room_closed_reason_code IS NOT NULL
                AND coalesce(next_starts_at <= $now OR next_starts_at < room_closed_until_at, true))
            OR (ward_closed_reason_code IS NOT NULL
                AND coalesce(next_starts_at <= $now OR next_starts_at < ward_closed_until_at, true))
        ),
        false
    ) AS next_is_at_risk
FROM board_at($now)
LEFT JOIN broken USING (bed_id)
ORDER BY natural_order(ward_id), natural_order(room_id), natural_order(bed_id)
