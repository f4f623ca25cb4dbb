-- A store as a year leaves it on 10 March 2026: ACCOUNTS accounts with six bills
-- each, due from May 2025 on. Most are settled, some late, some of the first
-- never; half of them were reminded of, very many in the last days. Nothing
-- that is owed comes near a step any more.

create unlogged table filled as
select
    n % 1024 as bucket, n, i, 'A' || n as account_id, 'B' || n || '-' || i as bill_id,
    date '2025-05-01' + i * 53 + least(n % 90, 44) as due_on,
    i = 0 and n % 10 = 0 as is_owed
from generate_series(1, ACCOUNTS) as n cross join generate_series(0, 5) as i;

create unlogged table reminded as
select
    *, due_on + 1 as day,
    (lpad(to_hex(due_on + 1 - date '2000-01-01'), 4, '0') || lpad(to_hex(bucket * 64), 4, '0')
        || left(md5(bill_id), 24))::uuid as reminder_id
from filled where i % 2 = 1;

insert into account
select n % 1024, 'A' || n, 'Name ' || n, 'en', 'UTC', 'ordinary', '', '+49151' || lpad(n::text, 8, '0'),
    'a' || n || '@example.org', null
from generate_series(1, ACCOUNTS) as n;
insert into bill
select bucket, bill_id, account_id, 'EUR', 5000, case when is_owed then 5000 else 0 end, due_on - 20, due_on,
    case when not is_owed then due_on + case when n % 50 = 7 then 30 else 2 end end
from filled;
insert into payment
select bucket, 'P' || bill_id, account_id, bill_id, 'EUR', 5000, due_on + case when n % 50 = 7 then 30 else 2 end,
    'settled', null
from filled where not is_owed;
insert into hold
select bucket, 'H' || bill_id, account_id, null, 'complaint', due_on, due_on + 9, null
from filled where i = 3;
insert into dunning_case
select bucket, account_id, due_on + 1, 'soft', 'v0', due_on + 3, 'cured' from filled where i % 2 = 1;
insert into why_not
select bucket, account_id, bill_id, 'before3', due_on - 3, due_on, 'superseded', is_owed and n % 100 = 0, due_on
from filled;
insert into reminder
select bucket, reminder_id, account_id, day, 0, 'standard', 'v0', 'late1', 'soft', 'sms,email',
    jsonb_build_array(jsonb_build_object(
        'bill_id', bill_id, 'step', 'late1', 'step_on', day, 'limit_on', day + 5))::text,
    day, day + interval '9 hours', day + interval '20 hours'
from reminded;
insert into submission
select bucket, account_id, day, reminder_id, day + interval '9 hours', 'sms', 'carrier' from reminded;
insert into sent_item select bucket, bill_id, 'late1', account_id, day, reminder_id from reminded;
insert into transition
select bucket, reminder_id, 1, 'accepted', day + interval '9 hours', 1, 'sms', 'carrier', bill_id, null, null,
    day + interval '57 hours'
from reminded;
insert into transition
select bucket, reminder_id, 2, 'delivered', day + interval '10 hours', 1, 'sms', 'carrier', bill_id, null, null, null
from reminded;
insert into receipt_inbox
select bucket, 'carrier', 'M' || bill_id, 0, reminder_id, 1, 'delivered', '2026-03-08Z', '2026-03-08Z', null,
    '2026-03-08Z'
from reminded where i = 5;
insert into message_part
select 'carrier', bill_id, bucket, reminder_id, 1, 1, 1, '2026-03-08Z', 'delivered', '2026-03-08Z'
from reminded where i = 5;
insert into parked_receipt
select 'carrier', 'stray' || bill_id, 'delivered', '2026-03-08Z', '2026-03-08Z', '2026-03-20Z'
from reminded where i = 5;
insert into plan_mark select n, '2026-03-09' from generate_series(0, 1023) as n;
insert into mark
select name, '2026-03-10 05:00Z'
from unnest(array['tend:windows', 'tend:windows-again', 'tend:deadlines', 'tend:deadlines-again']) as name;

drop table filled, reminded;
