-- The classes of accounts and sources $1 (JSON array) are over.
delete from debt_class
where (bucket, account_id, source) in (
    select k.value ->> 'bucket', k.value ->> 'account_id', k.value ->> 'source'
    from json_each($1) as k
)
