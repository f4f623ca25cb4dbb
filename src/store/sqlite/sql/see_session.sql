-- Session $1 was seen at $2.
update session set seen_at = $2 where session = $1
