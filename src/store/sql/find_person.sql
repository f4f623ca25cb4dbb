-- The person of name $1.
select person, roles, password, start_until, secret, last_step, recovery, language, added_at, disabled_at
from person
where person = $1
