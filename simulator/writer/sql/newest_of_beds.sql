-- Each bed's newest event: the bed.
SELECT * FROM bronze.bed_events WHERE seq IN
    (SELECT max(seq) FROM bronze.bed_events WHERE bed_id IS NOT NULL GROUP BY bed_id)
