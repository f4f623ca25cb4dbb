-- Session $1 was seen at $2.
update session set seen_at = instant($2) where session = $1
