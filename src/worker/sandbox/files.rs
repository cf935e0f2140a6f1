//! Landlock: which files a worker can open. On a newer kernel it also bars network ports, and sockets and signals
//! that lead out of the worker.

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, make_bitflags, path_beneath_rules,
};

use super::Limits;

/// The newest version that the crate knows; of an older kernel, all that it has.
const NEWEST: ABI = ABI::V10;

/// Takes all files away but those of `limits`. Returns whether the kernel took anything of it.
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
