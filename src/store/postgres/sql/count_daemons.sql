-- How many daemons are alive.
select count(*) as n from daemon where seen_until >= clock_timestamp()
