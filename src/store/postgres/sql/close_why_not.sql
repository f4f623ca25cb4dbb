-- What was open about the items $1 (JSON array) is settled: they are in a reminder now.
update why_not set is_open = false
where (bucket, bill_id, step) in (
    select k.bucket, k.bill_id, k.step from jsonb_to_recordset($1::jsonb) as k(bucket smallint, bill_id text, step text)
)
