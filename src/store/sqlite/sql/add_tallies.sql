-- Adds $1 (JSON array) to what days came to.
insert into tally (bucket, day, sign, n)
select k.value ->> 'bucket', k.value ->> 'day', k.value ->> 'sign', k.value ->> 'n'
from json_each($1) as k
where true
on conflict (bucket, day, sign) do update set n = tally.n + excluded.n
