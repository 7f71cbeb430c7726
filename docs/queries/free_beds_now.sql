-- Which beds are free now, by room class?
-- As the board counts them at its newest event: a bed whose reservation runs or starts within two
-- hours is reserved, not free. A bed without staff can be free.
-- room_class: class of the room
-- bed_count: registered beds
-- free_count: clean, empty and not reserved
-- reserved_count: clean and empty, reserved now or within two hours
-- dirty_count: dirty, contaminated or in cleaning: free next
-- free_beds: the free beds
WITH beds AS (
    SELECT bed_id, room_class, display_status
    FROM board_at((SELECT max(occurred_at) FROM live_board))
)
SELECT
    room_class,
    count(*) AS bed_count,
    count(*) FILTER (display_status = 'available') AS free_count,
    count(*) FILTER (display_status = 'reserved') AS reserved_count,
    count(*) FILTER (display_status = 'dirty') AS dirty_count,
    coalesce(
        list(bed_id ORDER BY length(bed_id), bed_id)
            FILTER (display_status = 'available'),
        []
    ) AS free_beds
FROM beds
GROUP BY room_class
ORDER BY free_count DESC, room_class
