-- Session $1 of person $2, whole where $3 is 1, made at $4, good until $5.
insert into session (session, person, is_whole, made_at, seen_at, shown_at, expires_at)
values ($1, $2, $3 = 1, instant($4), instant($4), instant($4), instant($5))
