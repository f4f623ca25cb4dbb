-- Steps of bills $1 (JSON array) that were kept back from who pays alone.
insert into spared (bucket, bill_id, step, account_id, day)
select k.value ->> 'bucket', k.value ->> 'bill_id', k.value ->> 'step', k.value ->> 'account_id', k.value ->> 'day'
from json_each($1) as k
where true
on conflict (bucket, bill_id, step) do nothing
