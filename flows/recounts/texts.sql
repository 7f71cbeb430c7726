-- Every update's text, with its hospital hour and its words.
SELECT
    hospital_id,
    -- Not by way of the wall's clock and back: an hour that comes twice is two hours.
    date_trunc('minute', occurred_at) - to_minutes(minute(occurred_at AT TIME ZONE zone))
        AS window_at,
    occurred_on AS window_on,
    ward_id,
    source = 'manual' AS is_manual,
    text,
    list_filter(regexp_split_to_array(lower(text), '[^\p{L}\p{N}]+'), lambda w: w <> '') AS words
FROM (
    SELECT
        *,
        coalesce(time_zone, 'UTC') AS zone,
        coalesce(
            update_text(schema_version, override_reason, reason, note),
            replace(event_type, '_', ' ')
        ) AS text
    FROM events
    WHERE ward_id IS NOT NULL
)
