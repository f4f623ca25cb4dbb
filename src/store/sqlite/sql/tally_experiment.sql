-- Accounts of experiment $1 by arm and tier: how many there are, of how many the day is
-- over on $2, how many of those bills were settled by then, and how many subscribers
-- have complained or opted out since they came in.
select
    x.arm, x.tier, count(*) as accounts,
    coalesce(sum(case when x.limit_on < $2 then 1 else 0 end), 0) as known,
    coalesce(sum(case when x.limit_on < $2 and b.settled_on <= x.limit_on then 1 else 0 end), 0) as paid,
    coalesce(sum(
        case when exists (
            select 1 from suppression as s
            where s.bucket = x.bucket and s.account_id = x.account_id
                and s.cause in ('opt_out', 'complaint') and date(s.said_at / 1000000, 'unixepoch') >= x.entered_on
        ) then 1 else 0 end
    ), 0) as opted_out
from experiment_entry as x
left join bill as b on b.bucket = x.bucket and b.bill_id = x.bill_id
where x.experiment = $1
group by x.arm, x.tier
order by x.arm, x.tier
