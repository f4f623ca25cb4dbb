-- What was open about the items $1 (JSON array) is settled: they are in a reminder now.
update why_not set is_open = 0
where (bucket, bill_id, step) in (
    select k.value ->> 'bucket', k.value ->> 'bill_id', k.value ->> 'step' from json_each($1) as k
)
