-- silver.quarantine: what breaks one.
SELECT * FROM checked WHERE rule IS NOT NULL
