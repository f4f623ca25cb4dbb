-- What was open about the items $1 … $3 (arrays) is settled: they are in a reminder now.
update why_not set is_open = false
where (bucket, bill_id, step) in (
    select k.bucket, k.bill_id, k.step from unnest($1::smallint[], $2::text[], $3::text[]) as k(bucket, bill_id, step)
)
