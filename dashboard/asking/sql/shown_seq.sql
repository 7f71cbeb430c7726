-- The newest event that the lake shows; $after_seq is one known before, and skips older files.
SELECT max(seq) AS seq
FROM bronze.bed_events
WHERE seq >= $after_seq
