-- The wards as they are called now, with their specialty.
CREATE OR REPLACE VIEW gold.wards AS
SELECT
    hospital_id,
    ward_id,
    max_by(ward_name, from_at) AS ward_name,
    max_by(specialty, from_at) AS specialty
FROM silver.beds
GROUP BY hospital_id, ward_id
