-- Merges holds $1 (JSON array). Returns the accounts of those that changed.
insert into hold (bucket, hold_id, account_id, bill_id, kind, starts_on, ends_on, amount)
select k.value ->> 'bucket', k.value ->> 'hold_id', k.value ->> 'account_id', k.value ->> 'bill_id', k.value ->> 'kind', k.value ->> 'starts_on', k.value ->> 'ends_on', k.value ->> 'amount'
from json_each($1) as k
where true
on conflict (bucket, hold_id) do update set
    account_id = excluded.account_id, bill_id = excluded.bill_id, kind = excluded.kind,
    starts_on = excluded.starts_on, ends_on = excluded.ends_on, amount = excluded.amount
where (hold.account_id, hold.bill_id, hold.kind, hold.starts_on, hold.ends_on, hold.amount)
    is not (excluded.account_id, excluded.bill_id, excluded.kind, excluded.starts_on, excluded.ends_on, excluded.amount)
returning bucket as bucket, account_id
