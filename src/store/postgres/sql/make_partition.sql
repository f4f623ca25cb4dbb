-- Gives rows of table $1 from $3 up to, and without, $4 the partition $2; whether it was made.
select make_partition($1, $2, $3, $4)::int as made
