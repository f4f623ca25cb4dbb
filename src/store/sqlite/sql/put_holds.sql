-- Places holds $1 (JSON array). One that is there already stays as it is.
-- Returns whose are new.
insert into placed_hold (bucket, hold_id, account_id, bill_id, kind, starts_on, ends_on, amount, currency, owner, reason, placed_at)
select
    k.value ->> 'bucket', k.value ->> 'hold_id', k.value ->> 'account_id', k.value ->> 'bill_id', k.value ->> 'kind', k.value ->> 'starts_on', k.value ->> 'ends_on',
    k.value ->> 'amount', k.value ->> 'currency', k.value ->> 'owner', k.value ->> 'reason', k.value ->> 'placed_at'
from json_each($1) as k
where true
on conflict (bucket, hold_id) do nothing
returning bucket, account_id
