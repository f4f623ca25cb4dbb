-- Why-not rows per reason, of steps that were not sent later after all.
select w.reason, count(*) as n
from why_not as w
where not exists (
    select 1 from sent_item as s where s.bucket = w.bucket and s.bill_id = w.bill_id and s.step = w.step
)
group by w.reason
order by w.reason
