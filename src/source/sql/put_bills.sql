-- Writes the bills in $1, a JSON array of objects with the table's columns.
-- A row that says nothing new keeps its stamp.
insert into bill (
    id, account_id, currency, amount, stated_remaining, issued_on, due_on, settled_on, changed_at
)
select
    value ->> 'id', value ->> 'account_id', value ->> 'currency', value ->> 'amount',
    value ->> 'stated_remaining', value ->> 'issued_on', value ->> 'due_on',
    value ->> 'settled_on', value ->> 'changed_at'
from json_each($1)
where true
on conflict (id) do update set
    account_id = excluded.account_id,
    currency = excluded.currency,
    amount = excluded.amount,
    stated_remaining = excluded.stated_remaining,
    issued_on = excluded.issued_on,
    due_on = excluded.due_on,
    settled_on = excluded.settled_on,
    changed_at = max(bill.changed_at, excluded.changed_at)
where (
    excluded.account_id, excluded.currency, excluded.amount, excluded.stated_remaining,
    excluded.issued_on, excluded.due_on, excluded.settled_on
) is not (
    bill.account_id, bill.currency, bill.amount, bill.stated_remaining,
    bill.issued_on, bill.due_on, bill.settled_on
)
