-- Departures of accounts $1 (JSON array), the earliest first.
select
    d.account_id, d.left_on, d.how, d.code, d.says, d.class, d.tier, d.attributed_on, d.set_by, d.offered_on, d.back_on
from json_each($1) as k
join departure as d on d.bucket = k.value ->> 'bucket' and d.account_id = k.value ->> 'account_id'
order by d.account_id, d.left_on, d.how
