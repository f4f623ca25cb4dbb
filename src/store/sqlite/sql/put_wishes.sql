-- Writes wishes $1 (JSON array) of accounts, each the last of its kind or none;
-- of two of one instant always the same one counts. Returns whose changed.
insert into wish (bucket, account_id, kind, value, said_at, source)
select
    k.value ->> 'bucket', k.value ->> 'account_id', k.value ->> 'kind', k.value ->> 'value', k.value ->> 'said_at', k.value ->> 'source'
from json_each($1) as k
where true
on conflict (bucket, account_id, kind) do update set
    value = excluded.value, said_at = excluded.said_at, source = excluded.source
where excluded.said_at > wish.said_at
    or (excluded.said_at = wish.said_at and coalesce(excluded.value, '') > coalesce(wish.value, ''))
returning bucket, account_id
