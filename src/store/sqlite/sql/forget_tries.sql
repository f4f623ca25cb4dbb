-- Forgets tries before $1.
delete from sign_in_try where last_at < $1
