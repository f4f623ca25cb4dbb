-- Deletes replies of bucket $1 that came before $2 and wait for nobody.
delete from reply
where bucket = $1 and received_at < $2 and settled_at is not null and (for_people = 0 or done_at is not null)
