-- Writes wishes $1 … $6 (arrays) of accounts, each the last of its kind or none;
-- of two of one instant always the same one counts. Returns whose changed.
insert into wish (bucket, account_id, kind, value, said_at, source)
select k.bucket, k.account_id, k.kind, k.value, k.said_at, k.source
from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[]) as k(bucket, account_id, kind, value, said_at, source)
where true
on conflict (bucket, account_id, kind) do update set
    value = excluded.value, said_at = excluded.said_at, source = excluded.source
where excluded.said_at > wish.said_at
    or (excluded.said_at = wish.said_at and coalesce(excluded.value, '') > coalesce(wish.value, ''))
returning bucket, account_id
