-- table: silver.bed_events
-- Every seq of the log up to the newest is valid or set aside.
WITH taken_in AS (
    SELECT seq FROM silver.bed_events
    UNION
    SELECT seq FROM silver.quarantine
)
SELECT seq
FROM (SELECT unnest(range(1, (SELECT max(seq) FROM taken_in))) AS seq)
WHERE seq NOT IN (SELECT seq FROM taken_in WHERE seq IS NOT NULL)
