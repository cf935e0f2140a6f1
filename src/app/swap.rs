//! Whether memory can be written to a disk unencrypted.

use std::fs;
use std::path::Path;

/// Swap devices that this process's memory may be written to unencrypted.
pub(super) fn open_swaps() -> Vec<String> {
    let swaps = fs::read_to_string("/proc/swaps").unwrap_or_default();
    let cgroup = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    if may_not_swap(&cgroup, |path| fs::read_to_string(path).ok()) {
        return Vec::new();
    }
    in_the_clear(&swaps, |device| {
        let uuid = format!("/sys/block/{device}/dm/uuid");
        fs::read_to_string(uuid).is_ok_and(|uuid| uuid.starts_with("CRYPT-"))
    })
}

/// The devices and files of `/proc/swaps` that are neither in memory (zram) nor encrypted by the device mapper.
fn in_the_clear(swaps: &str, is_encrypted: impl Fn(&str) -> bool) -> Vec<String> {
    let devices = swaps.lines().skip(1);
    devices
        .filter_map(|line| line.split_whitespace().next())
        .filter(|device| {
            let name = Path::new(device).file_name().and_then(|name| name.to_str());
            let name = name.unwrap_or_default();
            !(device.starts_with("/dev/zram") || name.starts_with("dm-") && is_encrypted(name))
        })
        .map(str::to_owned)
        .collect()
}

/// Whether the service's limit forbids it (`MemorySwapMax=0`), here or in a group above.
fn may_not_swap(cgroup: &str, read: impl Fn(&Path) -> Option<String>) -> bool {
    // Version 2: one line, `0::/system.slice/frontdesk.service`.
    let Some(own) = cgroup.lines().find_map(|line| line.strip_prefix("0::/")) else {
        return false;
    };
    let top = Path::new("/sys/fs/cgroup");
    let groups = Path::new(own).ancestors();
    groups
        .map(|group| top.join(group).join("memory.swap.max"))
        .any(|file| read(&file).is_some_and(|limit| limit.trim() == "0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_swap_on_a_disk_in_the_clear_is_named() {
        let swaps = "Filename\tType\tSize\tUsed\tPriority\n\
                     /dev/zram0 partition 100 0 100\n/dev/dm-1 partition 100 0 -2\n\
                     /dev/dm-2 partition 100 0 -3\n/swapfile file 100 0 -4\n";
        let named = in_the_clear(swaps, |device| device == "dm-1");
        assert_eq!(named, ["/dev/dm-2", "/swapfile"]);
        assert!(in_the_clear("", |_| false).is_empty());
    }

    #[test]
    fn the_limit_of_a_group_above_counts() {
        let cgroup = "0::/system.slice/frontdesk.service\n";
        let limited =
            |at: &'static str| move |file: &Path| file.ends_with(at).then(|| "0\n".to_owned());
        assert!(may_not_swap(
            cgroup,
            limited("frontdesk.service/memory.swap.max")
        ));
        assert!(may_not_swap(
            cgroup,
            limited("system.slice/memory.swap.max")
        ));
        assert!(!may_not_swap(cgroup, |_| Some("max\n".into())));
        assert!(!may_not_swap("4:memory:/x\n", |_| Some("0".into())));
    }
}
