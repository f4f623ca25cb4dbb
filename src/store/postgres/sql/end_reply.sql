-- Somebody, $2, has seen to reply $1 at $3. Returns what it was and whose.
update reply set done_at = instant($3), done_by = $2
where reply_id = $1 and for_people and done_at is null
returning meaning, account_id
