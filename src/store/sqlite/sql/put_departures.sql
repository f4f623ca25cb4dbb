-- Departures $1 (JSON array). What staff chose stays, and a way back is offered once.
insert into departure (bucket, account_id, left_on, how, code, says, class, tier, attributed_on, offered_on)
select
    k.value ->> 'bucket', k.value ->> 'account_id', k.value ->> 'left_on', k.value ->> 'how', k.value ->> 'code',
    k.value ->> 'says', k.value ->> 'class', k.value ->> 'tier', k.value ->> 'attributed_on', k.value ->> 'offered_on'
from json_each($1) as k
where true
on conflict (bucket, account_id, left_on, how) do update set
    code = case when departure.set_by is null then excluded.code else departure.code end,
    says = case when departure.set_by is null then excluded.says else departure.says end,
    offered_on = coalesce(departure.offered_on, excluded.offered_on), back_on = null
