-- Opens tasks $1 (JSON array). Where one of the kind is open, it has one reason more.
insert into task (bucket, task_id, account_id, kind, reason, opened_at, due_at)
select
    k.value ->> 'bucket', k.value ->> 'task_id', k.value ->> 'account_id', k.value ->> 'kind', k.value ->> 'reason', k.value ->> 'opened_at', k.value ->> 'due_at'
from json_each($1) as k
where true
on conflict (bucket, account_id, kind) where done_at is null do update set
    reason = case
        when instr(task.reason, excluded.reason) > 0 then task.reason
        else task.reason || '; ' || excluded.reason
    end
