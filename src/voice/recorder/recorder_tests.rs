use super::*;
use crate::store::calls::{self, CallChannel, CallStatus, NewCall};
use crate::store::workspaces;

async fn call(store: &Store) -> Scoped<Call> {
    store
        .write(|tx| {
            let workspace = workspaces::get_or_create(tx, "default", "Default", 1)?;
            let new = NewCall {
                assistant: None,
                conversation: None,
                channel: CallChannel::Browser,
                caller: None,
                status: CallStatus::InProgress,
            };
            calls::create(tx, workspace.id, &new, 1)
        })
        .await
        .unwrap()
}

fn tone(rate: u32, hz: f32, ms: u32) -> Vec<u8> {
    let step = std::f32::consts::TAU * hz / rate as f32;
    (0..rate * ms / 1000)
        .flat_map(|n| ((8_000.0 * (n as f32 * step).sin()) as i16).to_le_bytes())
        .collect()
}

async fn kept(store: &Store, call: &Scoped<Call>) -> (recordings::Recording, Vec<u8>) {
    let (workspace, id) = (call.workspace(), call.id);
    store
        .read(move |conn| {
            let found = recordings::find(conn, workspace, id)?.unwrap();
            let bytes = recordings::read(conn, &found, 0, found.bytes)?;
            Ok((found.into_inner(), bytes))
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn both_sides_are_heard_at_their_time_and_on_their_channel() {
    let store = Store::open_in_memory().unwrap();
    let call = call(&store).await;
    let mut recorder = Recorder::start(store.clone(), call.clone(), 30, 1_000);
    // The caller is heard from 1 s to 3 s, the front desk from 4 s to 5 s, in 20 ms packets; silence else.
    let spoken = tone(RATE, 300.0, 2_000);
    for ms in (0..7_000_u64).step_by(20) {
        let mut packet = vec![0_u8; 640];
        if (1_000..3_000).contains(&ms) {
            let at = (ms - 1_000) as usize * 32;
            packet.copy_from_slice(&spoken[at..at + 640]);
        }
        recorder.caller(&packet, ms);
        if ms == 3_000 {
            recorder.agent(&tone(22_050, 500.0, 1_000), 22_050, 4_000);
        }
    }
    recorder.finish().await;
    let (found, bytes) = kept(&store, &call).await;
    assert_eq!(found.bytes, bytes.len() as u64);
    assert_eq!(found.format, MEDIA_TYPE);
    assert_eq!(found.purge_at, 1_000 + 30 * DAY_MS);
    assert!((7_000..7_060).contains(&found.duration_ms), "{found:?}");
    let parts: i64 = store
        .read(|conn| {
            Ok(conn.query_row("SELECT count(*) FROM recording_parts", [], |row| row.get(0))?)
        })
        .await
        .unwrap();
    assert!(parts >= 3, "{parts} pieces");
    let peaks = peaks(bytes, 70).unwrap();
    assert_eq!(peaks.caller.len(), 70);
    let loud =
        |side: &[u8], from: usize, to: usize| side[from..to].iter().copied().min().unwrap_or(0);
    let quiet =
        |side: &[u8], from: usize, to: usize| side[from..to].iter().copied().max().unwrap_or(0);
    assert!(loud(&peaks.caller, 12, 29) > 15, "{peaks:?}");
    assert!(loud(&peaks.agent, 41, 49) > 15, "{peaks:?}");
    assert!(quiet(&peaks.caller, 32, 69) < 5, "{peaks:?}");
    assert!(quiet(&peaks.agent, 12, 38) < 5, "{peaks:?}");
    assert!(quiet(&peaks.agent, 52, 69) < 5, "{peaks:?}");
}

#[tokio::test]
async fn what_was_not_heard_is_not_recorded() {
    let store = Store::open_in_memory().unwrap();
    let call = call(&store).await;
    let mut recorder = Recorder::start(store.clone(), call.clone(), 1, 0);
    recorder.agent(&tone(RATE, 500.0, 1_000), RATE, 0);
    recorder.cut(300);
    recorder.caller(&vec![0; 32_000], 0);
    recorder.finish().await;
    let (_, bytes) = kept(&store, &call).await;
    let peaks = peaks(bytes, 100).unwrap();
    assert!(peaks.agent[5] > 15, "{peaks:?}");
    assert!(peaks.agent[40..].iter().all(|peak| *peak < 5), "{peaks:?}");
}

#[tokio::test]
async fn consent_late_in_the_call_keeps_the_calls_clock() {
    let store = Store::open_in_memory().unwrap();
    let call = call(&store).await;
    let mut recorder = Recorder::start(store.clone(), call.clone(), 1, 0);
    recorder.caller(&tone(RATE, 300.0, 500), 9_500);
    recorder.finish().await;
    let (found, bytes) = kept(&store, &call).await;
    assert!((10_000..10_060).contains(&found.duration_ms), "{found:?}");
    assert!(found.bytes < 15_000, "silence is small: {}", found.bytes);
    let peaks = peaks(bytes, 100).unwrap();
    assert!(peaks.caller[..94].iter().all(|peak| *peak < 5), "{peaks:?}");
    assert!(peaks.caller[97] > 15, "{peaks:?}");
}

#[tokio::test]
async fn a_recording_that_cannot_be_kept_leaves_a_note_and_no_sound() {
    let store = Store::open_in_memory().unwrap();
    let call = call(&store).await;
    let mut recorder = Recorder::start(store.clone(), call.clone(), 1, 0);
    recorder.caller(&tone(RATE, 300.0, 3_000), 0);
    // The first piece is written, then the owner deletes the recording in mid-call.
    for _ in 0..200 {
        let (workspace, id) = (call.workspace(), call.id);
        let deleted = store
            .write(move |tx| match recordings::find(tx, workspace, id)? {
                Some(found) if found.bytes > 0 => recordings::delete(tx, &found).map(|()| true),
                _ => Ok(false),
            })
            .await
            .unwrap();
        if deleted {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    recorder.caller(&tone(RATE, 300.0, 3_000), 3_000);
    recorder.finish().await;
    let (notes, parts): (i64, i64) = store
        .read(|conn| {
            let count = |sql| conn.query_row(sql, [], |row| row.get(0));
            Ok((
                count("SELECT count(*) FROM call_events WHERE kind = 'recording_failed'")?,
                count("SELECT count(*) FROM recording_parts")?,
            ))
        })
        .await
        .unwrap();
    assert_eq!((notes, parts), (1, 0));
}

#[test]
fn sound_that_overlaps_or_comes_far_too_late_breaks_nothing() {
    let mut track = Track::default();
    track.caller(&tone(RATE, 300.0, 1_000), 0);
    track.caller(&tone(RATE, 300.0, 1_000), 0);
    track.caller(&[1, 2, 3], 2_000);
    track.caller(&[0, 0], u64::MAX);
    track.agent(&[0, 0], 3, 0);
    track.agent(&[0, 0], 0, u64::MAX);
    let rest = track.rest().len() / 2;
    assert!((16_000..=32_100).contains(&rest), "{rest}");
}
