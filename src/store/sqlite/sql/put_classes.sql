-- Classes $1 (JSON array), each over the one of its source that stands.
insert into debt_class (bucket, account_id, source, class, confidence, verdict, judged_on, expires_on, set_by, reason)
select
    k.value ->> 'bucket', k.value ->> 'account_id', k.value ->> 'source', k.value ->> 'class', k.value ->> 'confidence', k.value ->> 'verdict', k.value ->> 'judged_on', k.value ->> 'expires_on', k.value ->> 'set_by', k.value ->> 'reason'
from json_each($1) as k
where true
on conflict (bucket, account_id, source) do update set
    class = excluded.class, confidence = excluded.confidence, verdict = excluded.verdict,
    judged_on = excluded.judged_on, expires_on = excluded.expires_on, set_by = excluded.set_by, reason = excluded.reason
