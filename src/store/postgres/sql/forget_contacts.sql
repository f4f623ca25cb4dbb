-- Deletes contacts under keys of bucket $1 that were made before $2.
delete from contact where bucket = $1 and at < instant($2)
