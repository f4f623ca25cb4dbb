-- Classes $1 … $10 (arrays), each over the one of its source that stands.
insert into debt_class (bucket, account_id, source, class, confidence, verdict, judged_on, expires_on, set_by, reason)
select k.bucket, k.account_id, k.source, k.class, k.confidence, k.verdict, k.judged_on, k.expires_on, k.set_by, k.reason
from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::date[], $8::date[], $9::text[], $10::text[]) as k(bucket, account_id, source, class, confidence, verdict, judged_on, expires_on, set_by, reason)
where true
on conflict (bucket, account_id, source) do update set
    class = excluded.class, confidence = excluded.confidence, verdict = excluded.verdict,
    judged_on = excluded.judged_on, expires_on = excluded.expires_on, set_by = excluded.set_by, reason = excluded.reason
