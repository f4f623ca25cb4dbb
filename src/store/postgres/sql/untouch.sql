-- Accounts $1 … $3 (arrays, with the changes seen) are decided; one touched meanwhile stays.
delete from touched
where (bucket, account_id, changes) in (
    select k.bucket, k.account_id, k.changes
    from unnest($1::smallint[], $2::text[], $3::bigint[]) as k(bucket, account_id, changes)
)
