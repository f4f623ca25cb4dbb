-- Merges payments $1 … $9 (arrays). Returns the accounts of those that changed.
insert into payment (bucket, payment_id, account_id, bill_id, currency, amount, paid_on, state, reversed_on)
select
    k.bucket, k.payment_id, k.account_id, k.bill_id, k.currency, k.amount, k.paid_on, k.state, k.reversed_on
from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::date[], $8::text[], $9::date[]) as k(bucket, payment_id, account_id, bill_id, currency, amount, paid_on, state, reversed_on)
where true
on conflict (bucket, payment_id) do update set
    account_id = excluded.account_id, bill_id = excluded.bill_id, currency = excluded.currency,
    amount = excluded.amount, paid_on = excluded.paid_on, state = excluded.state, reversed_on = excluded.reversed_on
where (payment.account_id, payment.bill_id, payment.currency, payment.amount, payment.paid_on, payment.state, payment.reversed_on)
    is distinct from (excluded.account_id, excluded.bill_id, excluded.currency, excluded.amount, excluded.paid_on, excluded.state, excluded.reversed_on)
returning bucket, account_id
