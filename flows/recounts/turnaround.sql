-- gold.turnaround: from each time that a bed turned unclean to the next time that it was clean.
WITH marked AS (
    SELECT
        *,
        counts_as = 'dirty' AS is_unclean,
        coalesce(lag(is_unclean) OVER of_bed AND lag(until_at) OVER of_bed = from_at, false)
            AS was_unclean,
        lead(from_at) OVER of_bed AS next_at
    FROM states
    WINDOW of_bed AS (PARTITION BY bed_id ORDER BY from_at)
), turned AS (
    SELECT bed_id, hospital_id, from_at AS dirty_at, zone FROM marked
    WHERE is_unclean AND NOT was_unclean
), over AS (
    SELECT bed_id, from_at AS over_at, bed_status AS over_status FROM marked
    WHERE NOT is_unclean AND was_unclean
    UNION ALL
    SELECT bed_id, until_at, 'retired' FROM marked
    WHERE is_unclean AND until_at IS NOT NULL AND next_at IS DISTINCT FROM until_at
), cycles AS (
    SELECT turned.*, over_at, over_status
    FROM turned
    ASOF LEFT JOIN over ON over.bed_id = turned.bed_id AND over.over_at >= turned.dirty_at
), inside AS (
    SELECT
        cycles.bed_id,
        cycles.dirty_at,
        arg_max(marked.ward_id, from_at) AS ward_id,
        min(from_at) FILTER (bed_status = 'cleaning') AS cleaning_started_at,
        bool_or(bed_status = 'contaminated') AS is_isolation
    FROM cycles
    JOIN marked ON marked.bed_id = cycles.bed_id AND is_unclean AND from_at >= dirty_at
        AND (over_at IS NULL OR from_at < over_at)
    GROUP BY ALL
)
SELECT
    hospital_id,
    bed_id,
    ward_id,
    dirty_at,
    cleaning_started_at,
    over_at AS cleaning_finished_at,
    (epoch_us(cleaning_started_at) - epoch_us(dirty_at)) / 60000000 AS response_minutes,
    (epoch_us(over_at) - epoch_us(cleaning_started_at)) / 60000000 AS clean_minutes,
    (epoch_us(over_at) - epoch_us(dirty_at)) / 60000000 AS turn_minutes,
    is_isolation,
    (dirty_at AT TIME ZONE zone)::DATE AS census_on,
    (over_at AT TIME ZONE zone)::DATE AS ended_on
FROM cycles
JOIN inside USING (bed_id, dirty_at)
WHERE over_at IS NULL OR over_status = 'available'
