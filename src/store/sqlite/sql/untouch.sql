-- Accounts $1 (JSON array with the changes seen) are decided; one touched meanwhile stays.
delete from touched
where (bucket, account_id, changes) in (
    select k.value ->> 'bucket', k.value ->> 'account_id', k.value ->> 'changes'
    from json_each($1) as k
)
