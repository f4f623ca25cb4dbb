-- What was known on $2 of accounts $1 (JSON array); of usage, what is of $3 or later.
select e.account_id, e.body
from json_each($1) as k
join evidence as e on e.bucket = k.value ->> 'bucket' and e.account_id = k.value ->> 'account_id'
where e.on_day <= $2 and (e.feed <> 'usage' or e.on_day >= $3)
order by e.account_id, e.on_day, e.row_id
