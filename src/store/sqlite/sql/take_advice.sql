-- The advice $1 of bucket $3 was taken at $2.
update advice set sent_at = $2, next_at = null, last_error = null, attempts = attempts + 1
where bucket = $3 and advice_id = $1 and sent_at is null
