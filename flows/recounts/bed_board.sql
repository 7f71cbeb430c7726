-- gold.bed_board: the row of each bed's highest seq.
SELECT *, event_type AS last_event_type
FROM events
WHERE seq IN (SELECT max(seq) FROM events WHERE bed_id IS NOT NULL GROUP BY hospital_id, bed_id)
