-- Deletes holds of bucket $1 that were placed here, and ended before $2.
delete from placed_hold where bucket = $1 and ended is not null and ends_on < $2::date
