-- Merges bills $1 … $9 (arrays). Returns the accounts of those that changed.
insert into bill (bucket, bill_id, account_id, currency, amount, remaining, issued_on, due_on, settled_on)
select
    k.bucket, k.bill_id, k.account_id, k.currency, k.amount, k.remaining, k.issued_on, k.due_on, k.settled_on
from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::date[], $8::date[], $9::date[]) as k(bucket, bill_id, account_id, currency, amount, remaining, issued_on, due_on, settled_on)
where true
on conflict (bucket, bill_id) do update set
    currency = excluded.currency, amount = excluded.amount, remaining = excluded.remaining,
    issued_on = excluded.issued_on, due_on = excluded.due_on,
    settled_on = case
        when bill.remaining = 0 and excluded.remaining = 0 then coalesce(bill.settled_on, excluded.settled_on)
        else excluded.settled_on
    end
where (bill.currency, bill.amount, bill.remaining, bill.issued_on, bill.due_on)
    is distinct from (excluded.currency, excluded.amount, excluded.remaining, excluded.issued_on, excluded.due_on)
returning bucket, account_id
