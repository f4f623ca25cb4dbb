-- Sent items per step.
select s.step, count(*) as n from sent_item as s group by s.step order by s.step
