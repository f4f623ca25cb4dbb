-- Departures $1 … $10 (arrays). What staff chose stays, and a way back is offered once.
insert into departure (bucket, account_id, left_on, how, code, says, class, tier, attributed_on, offered_on)
select
    k.bucket, k.account_id, k.left_on, k.how, k.code, k.says, k.class, k.tier, k.attributed_on, k.offered_on
from unnest($1::smallint[], $2::text[], $3::date[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::date[], $10::date[])
    as k(bucket, account_id, left_on, how, code, says, class, tier, attributed_on, offered_on)
on conflict (bucket, account_id, left_on, how) do update set
    code = case when departure.set_by is null then excluded.code else departure.code end,
    says = case when departure.set_by is null then excluded.says else departure.says end,
    offered_on = coalesce(departure.offered_on, excluded.offered_on), back_on = null
