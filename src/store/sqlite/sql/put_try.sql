-- Of subject $1 there are $2 tries by now, the last at $3.
update sign_in_try set failures = $2, last_at = $3 where subject = $1
