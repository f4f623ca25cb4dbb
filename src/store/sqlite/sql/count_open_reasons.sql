-- Steps that are due and wait, per reason.
select w.reason, count(*) as n from why_not as w where w.is_open = 1 group by w.reason order by w.reason
