-- The log's end, and whose it is.
SELECT max(seq) AS seq, max_by(chain_hash, seq) AS chain_hash, max(occurred_at) AS occurred_at,
       any_value(hospital_id) AS hospital_id
FROM bronze.bed_events
