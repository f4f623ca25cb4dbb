-- Accounts $1, $2 (arrays), with the class that counts on $3: what staff set
-- goes before what was judged.
select
    a.bucket, a.account_id, a.name, a.language, a.zone, a.tier, a.segment, a.area, a.person_id, a.phone, a.email,
    a.preferred_channel, coalesce(t.changes, 0) as changes,
    coalesce(told.class, judged.class, 'unknown') as class, e.body as estimate,
    case when w.is_gentle then 1 else 0 end as is_watched,
    (
        select string_agg(s.channel || ':' || case when not s.is_lifted then s.cause else 'agreed' end, ',') from suppression as s
        where s.bucket = a.bucket and s.account_id = a.account_id
            and case when not s.is_lifted then s.cause in ('opt_out', 'complaint') or s.address in (a.phone, a.email) else s.cause = 'opt_out' end
    ) as suppressed,
    (
        select json_object_agg(w.kind, w.value)::text from wish as w
        where w.bucket = a.bucket and w.account_id = a.account_id and w.value is not null
    ) as wishes
from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
cross join lateral (select * from account as a where a.bucket = k.bucket and a.account_id = k.account_id offset 0) as a
left join touched as t on t.bucket = a.bucket and t.account_id = a.account_id
left join debt_class as judged
    on judged.bucket = a.bucket and judged.account_id = a.account_id and judged.source = 'rules'
    and judged.expires_on >= $3::date
left join debt_class as told
    on told.bucket = a.bucket and told.account_id = a.account_id and told.source = 'staff'
    and told.expires_on >= $3::date
left join estimate as e
    on e.bucket = a.bucket and e.account_id = a.account_id and e.expires_on >= $3::date
left join watch as w
    on w.bucket = a.bucket and w.account_id = a.account_id and w.until_on >= $3::date
