-- Somebody has seen to advice $1 at $2. Returns whom it was about.
update advice set sent_at = $2, next_at = null, last_error = null
where advice_id = $1 and sent_at is null
returning account_id
