-- Forgets sessions that were over at $1.
delete from session where expires_at <= instant($1)
