-- How far each bucket is assessed.
select p.bucket, p.assessed_through from assess_mark as p
