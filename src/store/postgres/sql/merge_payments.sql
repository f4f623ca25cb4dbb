-- Merges payments $1 (JSON array). Returns the accounts of those that changed.
insert into payment (bucket, payment_id, account_id, bill_id, currency, amount, paid_on, state, reversed_on)
select
    k.bucket, k.payment_id, k.account_id, k.bill_id, k.currency, k.amount, k.paid_on, k.state, k.reversed_on
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, payment_id text, account_id text, bill_id text, currency text, amount bigint, paid_on date, state text, reversed_on date)
where true
on conflict (bucket, payment_id) do update set
    account_id = excluded.account_id, bill_id = excluded.bill_id, currency = excluded.currency,
    amount = excluded.amount, paid_on = excluded.paid_on, state = excluded.state, reversed_on = excluded.reversed_on
where (payment.account_id, payment.bill_id, payment.currency, payment.amount, payment.paid_on, payment.state, payment.reversed_on)
    is distinct from (excluded.account_id, excluded.bill_id, excluded.currency, excluded.amount, excluded.paid_on, excluded.state, excluded.reversed_on)
returning bucket, account_id
