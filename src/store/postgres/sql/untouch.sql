-- Accounts $1 (JSON array with the changes seen) are decided; one touched meanwhile stays.
delete from touched
where (bucket, account_id, changes) in (
    select k.bucket, k.account_id, k.changes
    from jsonb_to_recordset($1::jsonb) as k(bucket smallint, account_id text, changes bigint)
)
