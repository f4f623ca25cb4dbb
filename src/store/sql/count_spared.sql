-- Steps that were kept back from who pays alone, by step and currency: how many, and
-- of how many the bill is paid and nobody ever reminded of it.
select
    s.step, b.currency, count(*) as n,
    coalesce(sum(
        case when b.remaining = 0 and not exists (
            select 1 from sent_item as i where i.bucket = s.bucket and i.bill_id = s.bill_id
        ) then 1 else 0 end
    ), 0) as saved
from spared as s
join bill as b on b.bucket = s.bucket and b.bill_id = s.bill_id
group by s.step, b.currency
order by s.step, b.currency
