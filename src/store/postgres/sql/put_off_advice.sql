-- The advice $1 of bucket $4 was not taken, because of $3; it is tried again at $2, or never where that is below 0.
update advice set attempts = attempts + 1, next_at = case when $2 < 0 then null else instant($2) end, last_error = $3
where bucket = $4 and advice_id = $1 and sent_at is null
