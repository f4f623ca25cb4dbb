-- The day through which every bucket is planned, and how many buckets have one.
select min(planned_through) as planned_through, count(*) as buckets from plan_mark
