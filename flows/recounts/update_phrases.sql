-- gold.update_phrases: each flag of which a text contains a phrase.
SELECT hospital_id, window_at, window_on, ward_id, flag, is_manual, count(*) AS update_count
FROM (
    SELECT DISTINCT texts.rowid, texts.*, flag
    FROM texts
    JOIN (SELECT unnest($flags) AS flag, unnest($phrases) AS phrase)
        ON contains(' ' || array_to_string(words, ' ') || ' ', ' ' || phrase || ' ')
)
GROUP BY ALL
