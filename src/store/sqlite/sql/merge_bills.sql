-- Merges bills $1 (JSON array). Returns the accounts of those that changed.
insert into bill (bucket, bill_id, account_id, currency, amount, remaining, issued_on, due_on, settled_on)
select
    k.value ->> 'bucket', k.value ->> 'bill_id', k.value ->> 'account_id', k.value ->> 'currency', k.value ->> 'amount', k.value ->> 'remaining', k.value ->> 'issued_on', k.value ->> 'due_on', k.value ->> 'settled_on'
from json_each($1) as k
where true
on conflict (bucket, bill_id) do update set
    currency = excluded.currency, amount = excluded.amount, remaining = excluded.remaining,
    issued_on = excluded.issued_on, due_on = excluded.due_on,
    settled_on = case
        when bill.remaining = 0 and excluded.remaining = 0 then coalesce(bill.settled_on, excluded.settled_on)
        else excluded.settled_on
    end
where (bill.currency, bill.amount, bill.remaining, bill.issued_on, bill.due_on)
    is not (excluded.currency, excluded.amount, excluded.remaining, excluded.issued_on, excluded.due_on)
returning bucket as bucket, account_id
