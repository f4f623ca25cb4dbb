-- Deletes evidence of bucket $1 that was over before $2.
delete from evidence where bucket = $1 and over_on < $2::date
