-- The advice $1 was taken at $2, after one attempt more if $3 is 1.
-- Returns whom it was about.
update advice set sent_at = instant($2), next_at = null, last_error = null, attempts = attempts + $3::integer
where advice_id = $1 and sent_at is null
returning account_id
