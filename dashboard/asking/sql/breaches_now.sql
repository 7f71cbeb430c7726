-- Who lies where a rule of the ward is broken at the hospital's $now, the longest first.
SELECT
    replace(breach, '_', ' ') AS breach,
    ward_id,
    bed_id,
    patient_ref,
    from_at,
    round(date_diff('minute', from_at, $now) / 60, 1) AS hours
FROM breaches_at($now)
WHERE len($ward_ids) = 0 OR list_contains($ward_ids, ward_id)
ORDER BY from_at, natural_order(bed_id), breach
