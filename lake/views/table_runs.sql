-- What every run of a flow read and wrote.
CREATE OR REPLACE VIEW gold.table_runs AS
SELECT * FROM gold.table_runs_batch
UNION ALL BY NAME
SELECT * FROM gold.table_runs_stream
