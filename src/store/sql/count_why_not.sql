-- Why-not rows per reason.
select w.reason, count(*) as n from why_not as w group by w.reason order by w.reason
