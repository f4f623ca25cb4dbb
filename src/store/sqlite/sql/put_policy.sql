-- Adopts version $1 of scenario $2 with text $3 at $4.
insert into policy (version, scenario, body, adopted_at)
values ($1, $2, $3, $4)
on conflict (version) do nothing
