-- What was open about the items $1 (JSON array) is settled: they are in a reminder now.
update why_not set is_open = false
where (bucket, bill_id, step) in (
    select r.bucket, r.bill_id, r.step from jsonb_to_recordset($1::jsonb) as r(bucket smallint, bill_id text, step text)
)
