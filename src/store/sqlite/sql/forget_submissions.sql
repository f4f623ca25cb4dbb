-- Deletes first attempts of bucket $1 for days before $2.
delete from submission where bucket = $1 and day < $2
