-- Writes the holds in $1, a JSON array of objects with the table's columns.
-- A row that says nothing new keeps its stamp.
insert into hold (id, account_id, bill_id, kind, starts_on, ends_on, amount, changed_at)
select
    value ->> 'id', value ->> 'account_id', value ->> 'bill_id', value ->> 'kind',
    value ->> 'starts_on', value ->> 'ends_on', value ->> 'amount', value ->> 'changed_at'
from json_each($1)
where true
on conflict (id) do update set
    account_id = excluded.account_id,
    bill_id = excluded.bill_id,
    kind = excluded.kind,
    starts_on = excluded.starts_on,
    ends_on = excluded.ends_on,
    amount = excluded.amount,
    changed_at = excluded.changed_at
where (
    excluded.account_id, excluded.bill_id, excluded.kind, excluded.starts_on,
    excluded.ends_on, excluded.amount
) is not (
    hold.account_id, hold.bill_id, hold.kind, hold.starts_on, hold.ends_on, hold.amount
)
