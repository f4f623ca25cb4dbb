-- What is known of tries of subject $1, new at $2 with none; nobody else tries
-- for it until the end of the transaction.
insert into sign_in_try (subject, failures, last_at)
values ($1, 0, instant($2))
on conflict (subject) do update set subject = excluded.subject
returning subject, failures, last_at
