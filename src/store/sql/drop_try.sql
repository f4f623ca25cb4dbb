-- Forgets tries of subject $1.
delete from sign_in_try where subject = $1
