-- Deletes what days before $2 came to in bucket $1.
delete from tally where bucket = $1 and day < $2::date
