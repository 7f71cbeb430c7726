-- Beds as they were at $at.
SELECT * FROM bronze.bed_events WHERE seq IN
    (SELECT max(seq) FROM bronze.bed_events
     WHERE bed_id IS NOT NULL AND occurred_at <= $at GROUP BY bed_id)
