-- Advice $1 (JSON array).
insert into advice (bucket, advice_id, account_id, outcome, body, made_at, next_at)
select k.value ->> 'bucket', k.value ->> 'advice_id', k.value ->> 'account_id', k.value ->> 'outcome', k.value ->> 'body', k.value ->> 'made_at', k.value ->> 'next_at'
from json_each($1) as k
