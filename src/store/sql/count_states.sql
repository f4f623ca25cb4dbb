-- Reminders per state.
select s.state, count(*) as n from reminder_standing as s group by s.state order by s.state
