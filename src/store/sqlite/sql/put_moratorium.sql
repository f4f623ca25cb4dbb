-- Declares moratorium $1 for area $2 and segment $3, from $4 to $5, by $6 because of $7, at $8.
insert into moratorium (moratorium_id, area, segment, starts_on, ends_on, owner, reason, declared_at)
values ($1, nullif($2, ''), nullif($3, ''), $4, $5, $6, $7, $8)
on conflict (moratorium_id) do nothing
