-- Session $1 and its person.
select s.session, s.is_whole, s.made_at, s.seen_at, s.shown_at, s.expires_at,
    p.person, p.roles, p.password, p.start_until, p.secret, p.last_step, p.recovery, p.language,
    p.added_at, p.disabled_at
from session as s
join person as p on p.person = s.person
where s.session = $1
