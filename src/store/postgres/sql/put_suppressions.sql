-- Writes words $1 … $8 (arrays) about channels of accounts, each the last of its
-- cause or none; of two of one instant the stop counts. Returns whose changed.
insert into suppression (bucket, account_id, channel, cause, is_lifted, address, said_at, source)
select k.bucket, k.account_id, k.channel, k.cause, k.is_lifted, k.address, k.said_at, k.source
from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::text[], $7::timestamptz[], $8::text[]) as k(bucket, account_id, channel, cause, is_lifted, address, said_at, source)
where true
on conflict (bucket, account_id, channel, cause) do update set
    is_lifted = excluded.is_lifted, address = excluded.address, said_at = excluded.said_at,
    source = excluded.source
where excluded.said_at > suppression.said_at
    or (excluded.said_at = suppression.said_at and suppression.is_lifted and not excluded.is_lifted)
returning bucket, account_id
