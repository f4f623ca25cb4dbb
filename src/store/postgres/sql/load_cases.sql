-- Open dunning cases of accounts $1.
select c.account_id, c.opened_on, c.stage, c.policy
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, account_id text)
join dunning_case as c on c.bucket = k.bucket and c.account_id = k.account_id
where c.closed_on is null
