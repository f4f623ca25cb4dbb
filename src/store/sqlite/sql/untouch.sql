-- Accounts $1 (JSON array with the changes seen) are decided; one touched meanwhile stays.
delete from touched
where (bucket, account_id, changes) in (
    select r.value ->> 'bucket', r.value ->> 'account_id', r.value ->> 'changes'
    from json_each($1) as r
)
