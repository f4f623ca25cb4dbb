-- Gives person $1 the start password $2, good until $3, and takes their second
-- factor away.
update person
set password = $2, start_until = instant($3), secret = null, last_step = 0, recovery = ''
where person = $1
