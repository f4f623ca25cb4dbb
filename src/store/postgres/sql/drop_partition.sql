-- Drops the earliest month of table $1 with a name before $2; whether there was one.
select drop_partition($1, $2)::int as dropped
