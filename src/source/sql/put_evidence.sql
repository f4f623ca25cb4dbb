-- Writes the evidence in $1, a JSON array of objects with the table's columns.
-- A row that says nothing new keeps its stamp.
insert into evidence (feed, id, account_id, says, changed_at)
select
    value ->> 'feed', value ->> 'id', value ->> 'account_id', value ->> 'says', value ->> 'changed_at'
from json_each($1)
where true
on conflict (feed, id) do update set
    account_id = excluded.account_id,
    says = excluded.says,
    changed_at = excluded.changed_at
where (excluded.account_id, excluded.says) is not (evidence.account_id, evidence.says)
