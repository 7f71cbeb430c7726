-- Bed requests with what became of them.
WITH ends AS (
    SELECT bed_request_id, max_by(event_type, seq) AS end_type FROM bronze.bed_events
    WHERE event_type IN ('request_placed', 'request_withdrawn') GROUP BY bed_request_id),
placed AS (
    SELECT bed_request_id, max_by(booking_id, seq) AS booking_id, max_by(bed_id, seq) AS bed_id,
           min(occurred_at) FILTER (booking_state = 'active') AS admitted_at
    FROM bronze.bed_events WHERE booking_id IS NOT NULL AND bed_request_id IS NOT NULL
    GROUP BY bed_request_id)
SELECT e.*, p.booking_id AS placed_booking_id, p.bed_id AS placed_bed_id,
       p.admitted_at AS in_bed_at,
       CASE end_type WHEN 'request_placed' THEN 'placed' WHEN 'request_withdrawn'
            THEN 'withdrawn' ELSE 'waiting' END AS request_state
FROM bronze.bed_events AS e LEFT JOIN ends USING (bed_request_id)
LEFT JOIN placed AS p USING (bed_request_id)
WHERE e.event_type = 'bed_requested' AND e.seq > $after_seq
AND ($bed_request_id IS NULL OR bed_request_id = $bed_request_id)
AND ($state IS NULL OR request_state = $state)
AND ($ward_id IS NULL OR e.ward_id = $ward_id)
ORDER BY e.seq LIMIT $limit
