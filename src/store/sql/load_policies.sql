-- Every scenario version that was adopted, oldest first.
select version, scenario, body from policy order by adopted_at, version
