-- Beds for which an event was undone only later: the row before that event.
WITH undone AS (
    SELECT e.bed_id, min(e.seq) AS from_seq
    FROM bronze.bed_events AS c JOIN bronze.bed_events AS e ON e.event_id = c.corrects_event_id
    WHERE e.occurred_at <= $at AND c.occurred_at > $at
    AND c.event_type <> 'discharge_corrected' GROUP BY e.bed_id)
SELECT * FROM bronze.bed_events WHERE seq IN
    (SELECT max(l.seq) FROM bronze.bed_events AS l JOIN undone AS u
     ON l.bed_id = u.bed_id AND l.seq < u.from_seq GROUP BY l.bed_id)
