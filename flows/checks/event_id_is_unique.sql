-- table: silver.bed_events
-- No event is there twice.
SELECT event_id, count(*) AS row_count, min(seq) AS first_seq, max(seq) AS last_seq
FROM silver.bed_events
GROUP BY event_id
HAVING count(*) > 1
