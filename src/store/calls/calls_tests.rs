use super::*;
use crate::store::call_log::{self, Line, LineState, Speaker};
use crate::store::due::{self, Limits};
use crate::store::recordings::{self, NewRecording};
use crate::store::{Store, workspaces};

fn make_call(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    channel: CallChannel,
    says: &str,
    rung: &str,
    at: UnixMs,
) -> Result<Scoped<Call>, StoreError> {
    let new = NewCall {
        assistant: None,
        conversation: None,
        channel,
        caller: Some("visitor"),
        status: CallStatus::InProgress,
    };
    let call = create(tx, workspace, &new, at)?;
    let line = |speaker, text: &str, start_ms| Line {
        speaker,
        text: text.into(),
        start_ms,
        end_ms: start_ms + 900,
        state: LineState::Complete,
        receipt: None,
    };
    call_log::append_line(tx, &call, &line(Speaker::Agent, "Hello.", 0))?;
    call_log::append_line(tx, &call, &line(Speaker::Caller, says, 1_000))?;
    let timings = serde_json::json!({"voice_to_voice_ms": 700});
    call_log::append_turn(tx, &call, 1, 1_000, Some(rung), &timings)?;
    call_log::append_event(tx, &call, 5, "ready", &serde_json::json!({}))?;
    Ok(call)
}

fn record(tx: &Transaction<'_>, call: &Scoped<Call>, purge_at: UnixMs) -> Result<(), StoreError> {
    let new = NewRecording {
        format: "audio/ogg",
        sample_rate: 16_000,
        purge_at,
    };
    recordings::start(tx, call, &new, 1)?;
    recordings::append(tx, call, 0, &[1, 2, 3], 10)?;
    recordings::append(tx, call, 1, &[4, 5, 6, 7], 20)
}

#[test]
fn calls_are_found_by_what_is_known_of_them() {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let us = workspaces::get_or_create(tx, "us", "Us", 1)?.id;
            let them = workspaces::get_or_create(tx, "them", "Them", 1)?.id;
            let hours = make_call(
                tx,
                us,
                CallChannel::Browser,
                "When are you Open?",
                "fact",
                10,
            )?;
            let dogs = make_call(
                tx,
                us,
                CallChannel::Kiosk,
                "Are dogs allowed? Ärzte?",
                "refusal",
                20,
            )?;
            make_call(
                tx,
                them,
                CallChannel::Browser,
                "When are you open?",
                "fact",
                30,
            )?;
            record(tx, &dogs, 99)?;
            let (reason, cost) = (EndedReason::Inactivity, CallCost::default());
            finish(tx, &hours, CallStatus::Completed, reason, &cost, 15)?;
            let all = vec![dogs.id, hours.id];
            let cases: Vec<(CallFilter, Vec<CallId>)> = vec![
                (CallFilter::default(), all.clone()),
                (
                    CallFilter {
                        channel: Some(CallChannel::Kiosk),
                        ..CallFilter::default()
                    },
                    vec![dogs.id],
                ),
                (
                    CallFilter {
                        status: Some(CallStatus::Completed),
                        ..CallFilter::default()
                    },
                    vec![hours.id],
                ),
                (
                    CallFilter {
                        reason: Some(reason),
                        ..CallFilter::default()
                    },
                    vec![hours.id],
                ),
                (
                    CallFilter {
                        rung: Some("fact".into()),
                        ..CallFilter::default()
                    },
                    vec![hours.id],
                ),
                (
                    CallFilter {
                        text: Some("OPEN".into()),
                        ..CallFilter::default()
                    },
                    vec![hours.id],
                ),
                (
                    CallFilter {
                        text: Some("Ärzte".into()),
                        ..CallFilter::default()
                    },
                    vec![dogs.id],
                ),
                (
                    CallFilter {
                        text: Some("%".into()),
                        ..CallFilter::default()
                    },
                    vec![],
                ),
                (
                    CallFilter {
                        recorded: Some(true),
                        ..CallFilter::default()
                    },
                    vec![dogs.id],
                ),
                (
                    CallFilter {
                        recorded: Some(false),
                        ..CallFilter::default()
                    },
                    vec![hours.id],
                ),
                (
                    CallFilter {
                        from: Some(20),
                        ..CallFilter::default()
                    },
                    vec![dogs.id],
                ),
                (
                    CallFilter {
                        until: Some(20),
                        ..CallFilter::default()
                    },
                    vec![hours.id],
                ),
                (
                    CallFilter {
                        before: Some((20, dogs.id)),
                        ..CallFilter::default()
                    },
                    vec![hours.id],
                ),
            ];
            for (filter, expected) in cases {
                let found = list(tx, us, &filter, 10)?;
                let ids: Vec<CallId> = found.iter().map(|l| l.call.id).collect();
                assert_eq!(ids, expected, "{filter:?}");
            }
            let first = list(tx, us, &CallFilter::default(), 1)?.remove(0);
            assert_eq!((first.turns, first.recording_ms), (1, Some(20)));
            assert_eq!(
                first.first_words.as_deref(),
                Some("Are dogs allowed? Ärzte?")
            );
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_deleted_call_leaves_nothing() {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let us = workspaces::get_or_create(tx, "us", "Us", 1)?.id;
            let call = make_call(tx, us, CallChannel::Browser, "Hello?", "talk", 10)?;
            record(tx, &call, 99)?;
            assert_eq!(call_log::lines(tx, &call)?.len(), 2);
            assert_eq!(call_log::turns(tx, &call)?.len(), 1);
            assert_eq!(call_log::events(tx, &call)?.len(), 1);
            delete(tx, &call)?;
            for table in [
                "calls",
                "call_lines",
                "call_turns",
                "call_events",
                "recordings",
                "recording_parts",
            ] {
                let left: i64 =
                    tx.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
                        row.get(0)
                    })?;
                assert_eq!(left, 0, "{table}");
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_recording_is_read_in_any_range_and_only_by_its_workspace() {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let us = workspaces::get_or_create(tx, "us", "Us", 1)?.id;
            let them = workspaces::get_or_create(tx, "them", "Them", 1)?.id;
            let call = make_call(tx, us, CallChannel::Browser, "Hello?", "talk", 10)?;
            record(tx, &call, 99)?;
            assert!(record(tx, &call, 99).is_err(), "a second recording");
            assert!(recordings::find(tx, them, call.id)?.is_none());
            let found = recordings::find(tx, us, call.id)?.unwrap();
            assert_eq!((found.bytes, found.duration_ms), (7, 20));
            let whole = [1, 2, 3, 4, 5, 6, 7];
            for from in 0..=8_usize {
                for to in 0..=9_usize {
                    let read = recordings::read(tx, &found, from as u64, to as u64)?;
                    let expected = whole.get(from.min(7)..to.min(7)).unwrap_or_default();
                    assert_eq!(read, expected, "{from}..{to}");
                }
            }
            for (recordings, hidden) in [(98, 0), (99, 1)] {
                let limits = Limits {
                    recordings,
                    ..Limits::NONE
                };
                assert_eq!(due::hide(tx, us, &limits, 100)?, hidden);
            }
            assert_eq!(due::delete(tx, 100)?.recordings, 1);
            assert!(recordings::find(tx, us, call.id)?.is_none());
            assert!(recordings::append(tx, &call, 2, &[8], 30).is_err());
            Ok(())
        })
        .unwrap();
}

#[test]
fn old_calls_are_hidden_and_deleted_and_calls_that_last_are_not() {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let us = workspaces::get_or_create(tx, "us", "Us", 1)?.id;
            let old = make_call(tx, us, CallChannel::Browser, "Old?", "talk", 10)?;
            let lasts = make_call(tx, us, CallChannel::Browser, "Lasts?", "talk", 10)?;
            let (reason, cost) = (EndedReason::UserHangup, CallCost::default());
            finish(tx, &old, CallStatus::Completed, reason, &cost, 20)?;
            for (calls, hidden) in [(20, 0), (21, 1)] {
                let limits = Limits {
                    calls,
                    ..Limits::NONE
                };
                assert_eq!(due::hide(tx, us, &limits, 30)?, hidden);
            }
            assert_eq!(due::delete(tx, 30)?.calls, 1);
            let left = list(tx, us, &CallFilter::default(), 9)?;
            assert_eq!(left[0].call.id, lasts.id);
            assert_eq!(left.len(), 1);
            Ok(())
        })
        .unwrap();
}
