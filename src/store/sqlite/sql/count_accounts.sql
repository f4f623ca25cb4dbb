-- Accounts in buckets $1 (JSON array of numbers).
select count(*) as n
from json_each($1) as k
join account as a on a.bucket = k.value
