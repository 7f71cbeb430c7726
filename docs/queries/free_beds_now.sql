-- Which beds are free now, by room class?
-- As the board counts them at its newest event: a bed whose reservation runs or starts within two
-- hours is reserved, not free. A bed without staff can be free.
-- room_class: class of the room
-- bed_count: registered beds
-- free_count: clean, empty and not reserved
-- reserved_count: clean and empty, reserved now or within two hours
-- dirty_count: dirty, contaminated or in cleaning: free next
-- free_beds: the free beds
WITH now AS (
    SELECT max(occurred_at) AS now_at FROM live_board
), beds AS (
    SELECT
        bed_id,
        room_class,
        bed_status,
        bed_status = 'available'
            AND coalesce(next_starts_at <= now_at + INTERVAL 2 HOURS, false)
            AND coalesce(next_ends_at > now_at, true) AS is_reserved
    FROM live_board, now
)
SELECT
    room_class,
    count(*) AS bed_count,
    count(*) FILTER (bed_status = 'available' AND NOT is_reserved) AS free_count,
    count(*) FILTER (is_reserved) AS reserved_count,
    count(*) FILTER (bed_status IN ('dirty', 'contaminated', 'cleaning')) AS dirty_count,
    coalesce(
        list(bed_id ORDER BY length(bed_id), bed_id)
            FILTER (bed_status = 'available' AND NOT is_reserved),
        []
    ) AS free_beds
FROM beds
GROUP BY room_class
ORDER BY free_count DESC, room_class
