-- gold.update_terms: each word that says something, and each pair of neighbours among them.
WITH told AS (
    SELECT *, list_filter(words, lambda w: NOT list_contains($stop_words, w)) AS terms
    FROM texts
), grams AS (
    SELECT *, 1 AS gram_size, unnest(list_distinct(terms)) AS term FROM told
    UNION ALL
    SELECT
        *,
        2 AS gram_size,
        unnest(list_distinct([terms[i] || ' ' || terms[i + 1] FOR i IN range(1, len(terms))]))
    FROM told
)
SELECT
    hospital_id, window_at, window_on, ward_id, term, gram_size, is_manual,
    count(*) AS update_count,
    sum(length(text))::BIGINT AS character_count
FROM grams
GROUP BY ALL
