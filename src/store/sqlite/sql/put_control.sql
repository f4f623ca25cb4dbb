-- Sets switch $1 to $2 at $3.
insert into control (name, value, at)
values ($1, $2, $3)
on conflict (name) do update set value = excluded.value, at = excluded.at
