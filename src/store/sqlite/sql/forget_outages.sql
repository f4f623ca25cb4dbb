-- Deletes outages that were over before $1.
delete from outage where ends_on < $1
