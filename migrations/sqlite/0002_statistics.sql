-- What SQLite is to assume about our tables: those of an operator with a
-- million accounts. Nobody analyses a new database, and without statistics the
-- planner takes a bucket for ten rows and reads all of it for each account.
--
-- One number for the rows of an index, then for each of its columns how many
-- rows share the values up to there (https://sqlite.org/fileformat2.html#stat1tab).
-- `analyze`, should an operator run it, puts the true numbers in their place.

analyze;
delete from sqlite_stat1;
insert into sqlite_stat1 (tbl, idx, stat) values
    ('account', 'account', '1000000 1000 1'),
    ('account', 'account_by_id', '1000000 1'),
    ('bill', 'bill', '10000000 10000 1'),
    ('bill', 'bill_by_id', '10000000 1'),
    ('bill', 'bill_of_account', '10000000 10000 10 1'),
    ('bill', 'bill_due', '1000000 1000 20 1'),
    ('payment', 'payment', '10000000 10000 1'),
    ('payment', 'payment_of_bill', '10000000 10000 1'),
    ('payment', 'payment_pending', '1000 2 1'),
    ('hold', 'hold', '100000 100 1'),
    ('hold', 'hold_of_account', '100000 100 2'),
    ('touched', 'touched', '10000 10 1'),
    ('reject', 'reject', '10000 3000 1 1'),
    ('reject', 'reject_awaiting', '1000 5'),
    ('dunning_case', 'dunning_case', '1000000 1000 3 1'),
    ('repeat_debtor', 'repeat_debtor', '10000 10 1'),
    ('why_not', 'why_not', '10000000 10000 3 1'),
    ('why_not', 'why_not_open', '100000 100 2'),
    ('reminder', 'reminder', '10000000 10000 1'),
    ('reminder', 'reminder_of_account', '10000000 10000 10 1'),
    ('reminder', 'reminder_window', '10000000 10000 20'),
    ('transition', 'transition', '20000000 20000 2 1'),
    ('transition', 'transition_attempt', '100000 100 1 1'),
    ('transition', 'transition_next', '20000000 5000000 20000'),
    ('submission', 'submission', '10000000 10000 10 1'),
    ('sent_item', 'sent_item', '10000000 10000 3 1');
-- This connection is to know it too.
analyze sqlite_schema;
