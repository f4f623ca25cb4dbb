-- Places holds $1 … $12 (arrays). One that is there already stays as it is.
-- Returns whose are new.
insert into placed_hold (bucket, hold_id, account_id, bill_id, kind, starts_on, ends_on, amount, currency, owner, reason, placed_at)
select k.bucket, k.hold_id, k.account_id, k.bill_id, k.kind, k.starts_on, k.ends_on, k.amount, k.currency, k.owner, k.reason, k.placed_at
from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::date[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::timestamptz[]) as k(bucket, hold_id, account_id, bill_id, kind, starts_on, ends_on, amount, currency, owner, reason, placed_at)
where true
on conflict (bucket, hold_id) do nothing
returning bucket, account_id
