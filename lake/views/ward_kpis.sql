-- gold.unit_kpis of the wards.
-- ward_id: The ward
CREATE OR REPLACE VIEW gold.ward_kpis AS
SELECT unit_id AS ward_id, * EXCLUDE (level, unit_id)
FROM gold.unit_kpis
WHERE level = 'ward'
