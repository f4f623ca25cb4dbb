-- $1 came as far as $2.
insert into mark (name, at)
values ($1, $2)
on conflict (name) do update set at = excluded.at
