-- Writes words $1 (JSON array) about channels of accounts, each the last of its
-- cause or none; of two of one instant the stop counts. Returns whose changed.
insert into suppression (bucket, account_id, channel, cause, is_lifted, address, said_at, source)
select
    k.value ->> 'bucket', k.value ->> 'account_id', k.value ->> 'channel', k.value ->> 'cause', k.value ->> 'is_lifted', k.value ->> 'address',
    k.value ->> 'said_at', k.value ->> 'source'
from json_each($1) as k
where true
on conflict (bucket, account_id, channel, cause) do update set
    is_lifted = excluded.is_lifted, address = excluded.address, said_at = excluded.said_at,
    source = excluded.source
where excluded.said_at > suppression.said_at
    or (excluded.said_at = suppression.said_at and suppression.is_lifted = 1 and excluded.is_lifted = 0)
returning bucket, account_id
