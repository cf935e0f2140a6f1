//! What happens to a call when its workspace is closed.

use super::fakes::TestDesk;
use crate::store::{closures, workspaces};
use crate::voice::{Outgoing, VoiceSettings};

#[tokio::test(start_paused = true)]
async fn a_call_ends_when_its_workspace_is_closed() {
    let mut desk = TestDesk::with(VoiceSettings::default()).await;
    desk.wait_for_greeting().await;
    let workspace = desk.workspace;
    let closed = desk.store.write(move |tx| {
        let workspace = workspaces::get(tx, workspace)?;
        closures::close(tx, &workspace, false, 1)
    });
    closed.await.unwrap();
    desk.wait_for_end().await;
    let told = |m: &Outgoing| matches!(m, Outgoing::Ended { .. });
    assert!(desk.log.iter().any(told), "{:?}", desk.shown());
    let reason = desk.query("SELECT ended_reason FROM calls").await;
    assert_eq!(reason, ["agent_hangup"]);
}
