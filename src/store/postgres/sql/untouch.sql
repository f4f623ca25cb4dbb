-- Accounts $1 (JSON array with the changes seen) are decided; one touched meanwhile stays.
delete from touched
where (bucket, account_id, changes) in (
    select r.bucket, r.account_id, r.changes
    from jsonb_to_recordset($1::jsonb) as r(bucket smallint, account_id text, changes bigint)
)
