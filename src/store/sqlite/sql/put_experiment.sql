-- Experiment $1 with design $2 and key $3, proposed by $4 at $5 because of $6.
insert into experiment (name, design, lot_key, proposed_by, proposed_at, reason)
values ($1, $2, $3, $4, $5, $6)
on conflict (name) do nothing
