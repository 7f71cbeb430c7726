-- table: silver.bed_stays
-- The booking and the bed of a stay are there.
SELECT stay_id, booking_id, bed_id
FROM silver.bed_stays
WHERE booking_id NOT IN (SELECT booking_id FROM silver.bookings)
    OR bed_id NOT IN (SELECT bed_id FROM silver.beds)
