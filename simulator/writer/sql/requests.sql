-- Bed requests with what became of them. One that waits again, or was changed, has been told more
-- than once.
WITH told AS (
    SELECT bed_request_id, max(seq) FILTER (event_type IN ('bed_requested', 'request_changed')) AS made_seq,
           max_by(event_type, seq) AS last_type, max(seq) AS last_seq,
           max_by(occurred_at, seq) AS last_at
    FROM bronze.bed_events
    WHERE event_type IN
        ('bed_requested', 'request_changed', 'request_placed', 'request_withdrawn')
    GROUP BY bed_request_id),
undone AS (
    SELECT corrects_event_id AS event_id FROM bronze.bed_events WHERE corrects_event_id IS NOT NULL),
given AS (
    SELECT told.bed_request_id, e.*  EXCLUDE (bed_request_id)
    FROM bronze.bed_events AS e JOIN told USING (bed_request_id)
    WHERE e.booking_state IS NOT NULL AND e.seq >= told.made_seq
    UNION ALL BY NAME
    SELECT p.bed_request_id, e.* EXCLUDE (bed_request_id)
    FROM told JOIN bronze.bed_events AS p ON p.seq = told.last_seq
    JOIN bronze.bed_events AS arrived ON arrived.event_id = p.placed_event_id
    JOIN bronze.bed_events AS e ON e.booking_id = arrived.booking_id
    WHERE p.placed_event_id IS NOT NULL AND e.booking_state IS NOT NULL AND e.seq >= told.made_seq),
placed AS (
    SELECT bed_request_id, max_by(booking_id, seq) AS booking_id, max_by(bed_id, seq) AS bed_id,
           max_by(ward_id, seq) AS ward_id,
           min(occurred_at) FILTER (booking_state = 'active' AND event_id NOT IN
               (SELECT event_id FROM undone)) AS admitted_at
    FROM given GROUP BY bed_request_id),
lay AS (
    SELECT told.bed_request_id, max_by(b.ward_id, b.seq) AS ward_id
    FROM told JOIN bronze.bed_events AS e ON e.seq = told.made_seq AND e.ward_id IS NULL
    JOIN bronze.bed_events AS b ON b.patient_ref = e.patient_ref AND b.seq <= told.last_seq
    WHERE b.booking_state IN ('active', 'completed') AND b.booking_id IS NOT NULL
    GROUP BY told.bed_request_id
    HAVING max_by(b.booking_state, b.seq) = 'active')
SELECT e.*, p.booking_id AS placed_booking_id, p.bed_id AS placed_bed_id,
       p.admitted_at AS in_bed_at,
       CASE last_type WHEN 'request_placed' THEN 'placed' WHEN 'request_withdrawn'
            THEN 'withdrawn' ELSE 'waiting' END AS request_state,
       CASE WHEN request_state <> 'waiting' THEN last_at END AS ended_at,
       -- Whose it is: the wanted ward's, else of the one where the patient lay, and was placed.
       list_filter(CASE WHEN e.ward_id IS NOT NULL THEN [e.ward_id] ELSE [lay.ward_id, p.ward_id] END,
                   lambda one: one IS NOT NULL) AS of_wards
FROM told JOIN bronze.bed_events AS e ON e.seq = told.made_seq
LEFT JOIN placed AS p ON p.bed_request_id = e.bed_request_id AND last_type = 'request_placed'
LEFT JOIN lay ON lay.bed_request_id = e.bed_request_id
WHERE e.seq > $after_seq
AND ($bed_request_id IS NULL OR e.bed_request_id = $bed_request_id)
AND ($state IS NULL OR request_state = $state)
AND ($ward_id IS NULL OR e.ward_id = $ward_id)
AND ($own_wards IS NULL OR list_has_any(of_wards, $own_wards)
     OR (len(of_wards) = 0 AND coalesce(e.requested_by, e.actor) = $asked_by))
AND ($patient_ref IS NULL OR e.patient_ref = $patient_ref)
ORDER BY e.seq LIMIT $limit
