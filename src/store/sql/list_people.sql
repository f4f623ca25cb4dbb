-- Everybody, by name.
select person, roles, password, start_until, secret, last_step, recovery, language, added_at, disabled_at
from person
order by person
