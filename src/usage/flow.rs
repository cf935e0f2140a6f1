//! On whose behalf the machine works.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::{VisitorId, WorkspaceId};

/// Who a request belongs to, at three levels: workspace, network, caller. Queues take turns between workspaces
/// first, so that one with many visitors does not hold up another; then between networks, so that a visitor
/// with fifty connections counts once.
///
/// Ids are cut to their 64 random bits: a flow only orders a queue, it grants nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Flow {
    pub(super) workspace: u64,
    /// 0 for staff and programs, who are known by more than their address.
    pub(super) network: u64,
    pub(super) caller: u64,
}

impl Flow {
    /// The machine's own work: reading documents, evaluations.
    pub const HOUSE: Self = Self {
        workspace: 0,
        network: 0,
        caller: 0,
    };

    /// A visitor of a workspace's pages. `network` is an IPv4 address or the first address of a /64.
    pub fn visitor(workspace: WorkspaceId, network: IpAddr, visitor: VisitorId) -> Self {
        Self {
            workspace: random_half(workspace.uuid()),
            network: network_id(network),
            caller: random_half(visitor.uuid()),
        }
    }

    /// A signed-in person, a program with a key, or a kiosk; `who` is whatever tells their credentials apart.
    pub fn member(workspace: WorkspaceId, who: &impl Hash) -> Self {
        Self {
            workspace: random_half(workspace.uuid()),
            network: 0,
            caller: hash_credential(who),
        }
    }

    /// A stranger let in by a program with a client secret. All of a workspace's count as one network.
    pub fn invited(workspace: WorkspaceId, who: &impl Hash) -> Self {
        Self {
            network: INVITED,
            ..Self::member(workspace, who)
        }
    }

    /// All work of a workspace, whoever asks for it.
    pub(super) fn of_workspace(workspace: WorkspaceId) -> Self {
        Self {
            workspace: random_half(workspace.uuid()),
            ..Self::HOUSE
        }
    }

    /// The same for whoever asked.
    pub(super) fn whole_workspace(self) -> Self {
        Self {
            workspace: self.workspace,
            ..Self::HOUSE
        }
    }

    /// The machine's own work.
    pub(super) fn is_house(self) -> bool {
        self.workspace == 0
    }

    /// Whether the work is done for this workspace. No workspace has the machine's own work.
    pub fn is_of(self, workspace: WorkspaceId) -> bool {
        self.workspace != 0 && self.workspace == random_half(workspace.uuid())
    }

    /// True for staff, programs and the machine itself.
    pub fn is_known(self) -> bool {
        self.network == 0
    }
}

/// The network of all invited callers: no IPv6 network is all ones.
const INVITED: u64 = u64::MAX;

fn hash_credential(who: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    who.hash(&mut hasher);
    hasher.finish()
}

/// The half of a version 7 id that does not come from the clock.
fn random_half(id: Uuid) -> u64 {
    id.as_u64_pair().1
}

fn network_id(network: IpAddr) -> u64 {
    match network.to_canonical() {
        // The two marker bits keep any IPv4 address from being 0 or equal to a /64.
        IpAddr::V4(v4) => 1 << 63 | 1 << 32 | u64::from(u32::from(v4)),
        IpAddr::V6(v6) => u64::try_from(u128::from(v6) >> 64)
            .unwrap_or(u64::MAX)
            .max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visitors_of_a_network_differ_in_the_caller_alone() {
        let workspace = WorkspaceId::new();
        let at =
            |address: &str| Flow::visitor(workspace, address.parse().unwrap(), VisitorId::new());
        let (one, two) = (at("192.0.2.1"), at("::ffff:192.0.2.1"));
        assert_eq!((one.workspace, one.network), (two.workspace, two.network));
        assert_ne!(one.caller, two.caller);
        assert_eq!(at("2001:db8::").network, at("2001:db8::7").network);
        assert_ne!(at("2001:db8::").network, at("2001:db8:0:1::").network);
        assert!(!at("::1").is_known() && !at("0.0.0.0").is_known());
        assert!(Flow::member(workspace, &7).is_known());
        assert!(!Flow::invited(workspace, &7).is_known());
        assert!(Flow::HOUSE.is_known());
        assert!(Flow::member(workspace, &7).is_of(workspace));
        assert!(!Flow::member(workspace, &7).is_of(WorkspaceId::new()));
        assert!(!Flow::HOUSE.is_of(workspace));
    }
}
