-- Each open booking's newest event: the booking.
SELECT * FROM bronze.bed_events WHERE seq IN
    (SELECT max(seq) FROM bronze.bed_events WHERE booking_state IS NOT NULL GROUP BY booking_id)
AND booking_state IN ('reserved', 'active')
