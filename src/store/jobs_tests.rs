//! Jobs, events, settings and workspaces.

use serde_json::json;

use super::jobs::{AfterFailure, Job, JobState, NewJob, Retry};
use super::{
    EventId, JobId, Store, StoreError, Transaction, WorkspaceId, events, jobs, settings, workspaces,
};

fn within(test: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError>) {
    Store::open_in_memory()
        .unwrap()
        .write_blocking(test)
        .unwrap();
}

fn queue(tx: &Transaction<'_>, kind: &str, run_at: i64) -> JobId {
    let payload = json!({ "kind": kind });
    let new = NewJob {
        workspace: None,
        kind,
        payload: &payload,
        run_at,
    };
    jobs::enqueue(tx, &new, 1).unwrap()
}

fn lease(tx: &Transaction<'_>, now: i64) -> Option<Job> {
    jobs::lease(tx, None, now, 1000).unwrap()
}

#[test]
fn jobs_are_leased_in_order_when_they_are_due() {
    within(|tx| {
        assert_eq!(jobs::next_due(tx)?, None);
        let late = queue(tx, "late", 200);
        let first = queue(tx, "first", 100);
        let second = queue(tx, "second", 100);
        assert_eq!(jobs::next_due(tx)?, Some(100));
        assert!(lease(tx, 99).is_none());
        let leased = lease(tx, 150).unwrap();
        assert_eq!(
            (leased.id, leased.attempts, leased.state),
            (first, 1, JobState::Leased)
        );
        assert_eq!(
            (leased.payload, leased.leased_until),
            (json!({ "kind": "first" }), Some(1150))
        );
        assert_eq!(lease(tx, 150).unwrap().id, second);
        assert!(lease(tx, 150).is_none());
        assert_eq!(jobs::next_due(tx)?, Some(200));
        assert_eq!(lease(tx, 200).unwrap().id, late);
        assert_eq!(jobs::next_due(tx)?, Some(1150), "the first lease runs out");
        assert_eq!(jobs::count(tx, JobState::Leased)?, 3);
        assert_eq!(jobs::list(tx, JobState::Leased, 2)?.len(), 2);
        Ok(())
    });
}

#[test]
fn workspaces_take_turns() {
    within(|tx| {
        let mut workspaces = Vec::new();
        for name in ["one", "two"] {
            let made = crate::store::workspaces::get_or_create(tx, name, name, 1)?;
            workspaces.push(made.id);
        }
        let payload = json!({});
        // Many jobs of one workspace, then one of another.
        for workspace in [0, 0, 0, 1].map(|n: usize| workspaces[n]) {
            let new = NewJob {
                workspace: Some(workspace),
                kind: "read",
                payload: &payload,
                run_at: 0,
            };
            jobs::enqueue(tx, &new, 1)?;
        }
        let mut last = None;
        let mut served = Vec::new();
        while let Some(job) = jobs::lease(tx, last, 5, 1000)? {
            last = job.workspace;
            served.push(job.workspace.unwrap());
        }
        let (one, two) = (workspaces[0], workspaces[1]);
        assert_eq!(served, [one, two, one, one]);
        Ok(())
    });
}

#[test]
fn who_lost_the_lease_cannot_finish() {
    within(|tx| {
        let id = queue(tx, "job", 0);
        let slow = lease(tx, 0).unwrap();
        jobs::extend(tx, &slow, 500, 1000)?;
        assert!(lease(tx, 1400).is_none());
        let quick = lease(tx, 1500).unwrap();
        assert_eq!((quick.id, quick.attempts), (id, 2));
        assert!(matches!(
            jobs::finish(tx, &slow),
            Err(StoreError::Conflict(_))
        ));
        assert!(matches!(
            jobs::fail(tx, &slow, "late", 1600, Retry::default()),
            Err(StoreError::Conflict(_))
        ));
        assert!(matches!(
            jobs::extend(tx, &slow, 1600, 1),
            Err(StoreError::Conflict(_))
        ));
        jobs::finish(tx, &quick)?;
        assert_eq!(jobs::get(tx, id)?.state, JobState::Done);
        assert!(matches!(
            jobs::finish(tx, &quick),
            Err(StoreError::Conflict(_))
        ));
        assert!(lease(tx, i64::MAX).is_none());
        Ok(())
    });
}

#[test]
fn a_failing_job_waits_longer_each_time_and_is_given_up() {
    within(|tx| {
        let id = queue(tx, "job", 0);
        let retry = Retry {
            max_attempts: 4,
            base_ms: 10,
            cap_ms: 25,
        };
        let mut now = 0;
        for pause in [10, 20, 25] {
            let job = lease(tx, now).unwrap();
            let after = jobs::fail(tx, &job, "no luck", now, retry)?;
            assert_eq!(after, AfterFailure::RetryAt(now + pause));
            assert!(lease(tx, now + pause - 1).is_none());
            now += pause;
        }
        let job = lease(tx, now).unwrap();
        assert_eq!(
            jobs::fail(tx, &job, "for good", now, retry)?,
            AfterFailure::GivenUp
        );
        let job = jobs::get(tx, id)?;
        assert_eq!(
            (job.state, job.error.as_deref()),
            (JobState::Failed, Some("for good"))
        );
        assert_eq!(
            (jobs::purge_ended(tx, 0)?, jobs::purge_ended(tx, 1)?),
            (0, 1)
        );
        queue(tx, "other", 0);
        let other = lease(tx, now).unwrap();
        jobs::give_up(tx, &other, "unreadable")?;
        assert_eq!(jobs::count(tx, JobState::Failed)?, 1);
        // A large number of attempts does not overflow the delay.
        assert_eq!(Retry::default().after(u32::MAX), 300_000);
        Ok(())
    });
}

#[test]
fn after_a_crash_leased_jobs_run_again() {
    within(|tx| {
        let id = queue(tx, "job", 0);
        lease(tx, 0).unwrap();
        assert_eq!(jobs::recover(tx, 5)?, 1);
        let again = lease(tx, 5).unwrap();
        assert_eq!((again.id, again.attempts), (id, 2));
        Ok(())
    });
}

#[test]
fn a_job_that_a_wrong_clock_put_off_for_years_runs_after_a_start() {
    within(|tx| {
        let now = 1_000;
        let id = queue(tx, "job", now + 400 * 24 * 60 * 60 * 1000);
        let soon = queue(tx, "job", now + 60_000);
        jobs::recover(tx, now)?;
        let first = lease(tx, now).unwrap();
        assert_eq!(first.id, id);
        assert!(lease(tx, now).is_none(), "{soon:?} waits for its time");
        Ok(())
    });
}

#[test]
fn a_job_exists_exactly_if_its_transaction_was_committed() {
    let store = Store::open_in_memory().unwrap();
    let undone: Result<(), _> = store.write_blocking(|tx| {
        queue(tx, "job", 0);
        Err(StoreError::Busy)
    });
    assert!(undone.is_err());
    assert_eq!(
        store
            .read_blocking(|c| jobs::count(c, JobState::Queued))
            .unwrap(),
        0
    );
}

#[test]
fn events_are_a_log_per_workspace() {
    within(|tx| {
        let one = workspaces::get_or_create(tx, "one", "One", 1)?.id;
        let two = workspaces::get_or_create(tx, "two", "Two", 1)?.id;
        let first = events::append(tx, one, "document_ready", "d1", &json!({ "n": 1 }), 10)?;
        events::append(tx, two, "document_ready", "d2", &json!({}), 11)?;
        let third = events::append(tx, one, "document_failed", "d3", &json!({}), 12)?;
        let all = events::list(tx, one, EventId(0), 10)?;
        assert_eq!(all.iter().map(|e| e.id).collect::<Vec<_>>(), [first, third]);
        assert_eq!(
            (all[0].subject.as_str(), &all[0].data, all[0].at),
            ("d1", &json!({ "n": 1 }), 10)
        );
        assert_eq!(events::list(tx, one, first, 10)?.len(), 1);
        assert_eq!(events::purge(tx, 11)?, 2);
        Ok(())
    });
}

#[test]
fn settings_keep_their_shape() {
    within(|tx| {
        assert_eq!(settings::find::<String>(tx, "model")?, None);
        settings::set(tx, "model", &"small")?;
        settings::set(tx, "model", &"large")?;
        assert_eq!(
            settings::find::<String>(tx, "model")?.as_deref(),
            Some("large")
        );
        assert!(settings::find::<u32>(tx, "model").is_err());
        settings::delete(tx, "model")?;
        assert_eq!(settings::find::<String>(tx, "model")?, None);
        Ok(())
    });
}

#[test]
fn a_workspace_is_made_once() {
    within(|tx| {
        let made = workspaces::get_or_create(tx, "bluefin", "Bluefin Dental", 5)?;
        let again = workspaces::get_or_create(tx, "bluefin", "Other", 6)?;
        assert_eq!(made, again);
        assert!(workspaces::find_by_name(tx, "nobody")?.is_none());
        workspaces::update(tx, made.id, "Bluefin", &json!({ "hours": "9-17" }))?;
        let changed = workspaces::get(tx, made.id)?;
        assert_eq!(
            (changed.title.as_str(), &changed.settings["hours"]),
            ("Bluefin", &json!("9-17"))
        );
        workspaces::purge(tx, made.id)?;
        assert!(workspaces::list(tx)?.is_empty());
        let nobody = WorkspaceId::new();
        assert!(matches!(
            workspaces::get(tx, nobody),
            Err(StoreError::NotFound(_))
        ));
        assert!(workspaces::purge(tx, nobody).is_err());
        Ok(())
    });
}
