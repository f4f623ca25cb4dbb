-- A contact is found by its key alone: the account of a reminder is known, and an index
-- that only those need of which nothing left had to be kept for every contact.
drop index contact_of_reminder;
