-- What is estimated of accounts $1 (JSON array), fresh or not.
select e.account_id, e.body
from json_each($1) as k
join estimate as e on e.bucket = k.value ->> 'bucket' and e.account_id = k.value ->> 'account_id'
