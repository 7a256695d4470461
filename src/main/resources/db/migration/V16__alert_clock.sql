-- Called when the database's clock was set back, by as much. As in V3, and also for pauses, alerts and sessions of people: else an
-- alert would last, and its messages and a pause by the CRM would wait, until the clock shows the earlier time again, and a
-- session would last longer. Notifications that are set back get one time, so that those of an alert keep their order. A call that
-- is not answered stays so; V3 completed it, because least ignores null.
create or replace function sluice.clock_set_back(by interval) returns void language sql as $$
    update sluice.outbox set due = greatest(clock_timestamp(), due - by) where due > clock_timestamp();
    update sluice.outbox set lease_until = clock_timestamp() + interval '10 minutes'
    where lease_until < 'infinity' and lease_until > clock_timestamp() + interval '10 minutes';
    update sluice.bulk_job set due = clock_timestamp() + interval '10 minutes'
    where due > clock_timestamp() + interval '10 minutes';
    update sluice.bulk_cooldown set until = greatest(clock_timestamp(), until - by) where until > clock_timestamp();
    update sluice.sync_state set settled_at = clock_timestamp() where settled_at > clock_timestamp();
    update sluice.sync_state set held_until = greatest(clock_timestamp(), held_until - by)
    where held_until > clock_timestamp();
    update sluice.tombstone set deleted_at = clock_timestamp() where deleted_at > clock_timestamp();
    update sluice.dead_letter_retry set due = greatest(clock_timestamp(), due - by) where due > clock_timestamp();
    update sluice.api_call set
        granted_at = least(granted_at, clock_timestamp()),
        completed_at = case when completed_at > clock_timestamp() then clock_timestamp() else completed_at end,
        expires_at = least(expires_at, clock_timestamp() + interval '10 minutes')
    where granted_at > clock_timestamp() or completed_at > clock_timestamp()
       or completed_at is null and expires_at > clock_timestamp() + interval '10 minutes';
    update sluice.reported_limit set reported_at = clock_timestamp() where reported_at > clock_timestamp();
    update sluice.throttle set since = clock_timestamp(), until = greatest(clock_timestamp(), until - by)
    where since > clock_timestamp();
    update sluice.inbox set due = clock_timestamp() + interval '1 minute'
    where done_at is null and due > clock_timestamp() + interval '1 minute';
    update sluice.poll_offset set
        deletes_due = greatest(clock_timestamp(), deletes_due - by),
        polled_at = least(polled_at, clock_timestamp()),
        handed_over_at = least(handed_over_at, clock_timestamp()),
        due = greatest(clock_timestamp(), due - by)
    where deletes_due > clock_timestamp() or polled_at > clock_timestamp() or due > clock_timestamp();
    update sluice.stream_offset set due = clock_timestamp() + interval '1 minute'
    where due > clock_timestamp() + interval '1 minute';
    update sluice.snapshot set due = clock_timestamp() + interval '1 minute'
    where due > clock_timestamp() + interval '1 minute';
    update sluice.installation set seen_at = clock_timestamp() where seen_at > clock_timestamp();
    update sluice.pause set since = clock_timestamp() where since > clock_timestamp();
    update sluice.pause set until = greatest(clock_timestamp(), until - clock_set_back.by) where until > clock_timestamp();
    update sluice.alert_evaluation set due = greatest(clock_timestamp(), due - by) where due > clock_timestamp();
    update sluice.alert_channel set due = greatest(clock_timestamp(), due - by) where due > clock_timestamp();
    update sluice.alert set since = least(since, clock_timestamp()), seen_at = least(seen_at, clock_timestamp())
    where since > clock_timestamp() or seen_at > clock_timestamp();
    update sluice.alert set ended_at = clock_timestamp() where ended_at > clock_timestamp();
    update sluice.alert_finding set since = least(since, clock_timestamp()), seen_at = least(seen_at, clock_timestamp())
    where since > clock_timestamp() or seen_at > clock_timestamp();
    update sluice.alert_notification set created_at = now() where created_at > clock_timestamp();
    update sluice.web_session set created_at = least(created_at, clock_timestamp()), expires_at = expires_at - by
    where expires_at > clock_timestamp();
$$;
