//! Landlock: which files a worker can open. Newer kernels also block network ports, and sockets and signals to other
//! processes.

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, make_bitflags, path_beneath_rules,
};

use super::Limits;

/// The newest version that the crate knows; on an older kernel, whatever it supports is used.
const NEWEST: ABI = ABI::V10;

/// Denies all files but those in `limits`. Returns whether the kernel enforces at least a part of that.
pub(super) fn close(limits: &Limits) -> bool {
    matches!(
        enforce(limits),
        Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced)
    )
}

fn enforce(limits: &Limits) -> Result<RulesetStatus, RulesetError> {
    let read: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});
    // Drivers keep shared memory beside their devices.
    let device: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
        ReadFile | ReadDir | WriteFile | Truncate | IoctlDev | MakeReg | RemoveFile
    });
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .add_rules(path_beneath_rules(&limits.readable, read))?
        .add_rules(path_beneath_rules(&limits.writable, device))?
        .restrict_self()?;
    Ok(status.ruleset)
}
