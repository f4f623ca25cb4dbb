-- Adds person $1 with roles $2 and start password $3, good until $4, at $5;
-- changes nothing where the name is taken.
insert into person (person, roles, password, start_until, added_at)
values ($1, $2, $3, $4, $5)
on conflict (person) do nothing
