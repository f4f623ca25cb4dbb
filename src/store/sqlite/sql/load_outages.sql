-- Outages that had begun by $2 in the areas of accounts $1 (JSON array).
select a.account_id, o.area, o.starts_on, o.ends_on
from json_each($1) as k
join account as a on a.bucket = k.value ->> 'bucket' and a.account_id = k.value ->> 'account_id'
join outage as o on o.area = a.area and o.starts_on <= $2
where a.area <> ''
order by a.account_id, o.starts_on, o.outage_id
