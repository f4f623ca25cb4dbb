-- Open dunning cases of accounts $1.
select c.account_id, c.opened_on, c.stage, c.policy
from json_each($1) as k
join dunning_case as c on c.bucket = k.value ->> 'bucket' and c.account_id = k.value ->> 'account_id'
where c.closed_on is null
