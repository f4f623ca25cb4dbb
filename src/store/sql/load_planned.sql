-- How far each bucket is planned.
select p.bucket, p.planned_through from plan_mark as p
