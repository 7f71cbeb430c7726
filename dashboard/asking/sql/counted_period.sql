-- From when to when the census has been counted.
SELECT
    min(census_on) AS first_on,
    max(census_on) AS last_on,
    max(census_at) AS last_at
FROM gold.census_hourly
