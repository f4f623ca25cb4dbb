-- The classes of accounts and sources $1 … $3 (arrays) are over.
delete from debt_class
where (bucket, account_id, source) in (
    select k.bucket, k.account_id, k.source
    from unnest($1::smallint[], $2::text[], $3::text[]) as k(bucket, account_id, source)
)
