-- Sessions of person $1, the one seen last first.
select session, person, is_whole, made_at, seen_at, shown_at, expires_at
from session
where person = $1
order by seen_at desc, session
