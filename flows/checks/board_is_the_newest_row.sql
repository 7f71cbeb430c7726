-- table: gold.bed_board
-- A bed on the board stands as its newest event up to the board's left it.
WITH newest AS (
    SELECT bed_id, max(seq) AS seq
    FROM silver.bed_events
    WHERE seq <= (SELECT max(seq) FROM gold.bed_board)
    GROUP BY bed_id
)
SELECT board.bed_id, board.seq, newest.seq AS newest_seq
FROM gold.bed_board AS board
JOIN newest USING (bed_id)
WHERE board.seq < newest.seq
