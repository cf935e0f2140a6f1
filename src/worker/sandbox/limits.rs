//! The limits of a worker: files, memory, CPU time, descriptors.

use std::path::{Path, PathBuf};

use rlimit::Resource;
use serde::{Deserialize, Serialize};

/// Most open descriptors: three pipes, and a model file or two while loading.
const DESCRIPTORS: u64 = 64;
/// A GPU's driver opens its devices many times.
const DESCRIPTORS_WITH_GPU: u64 = 1024;

/// What the engines were observed to open besides their models: the number of processors (for rten, ggml and the C
/// library), and the memory overcommit mode (which decides how the C library frees memory). Nothing about any process.
const SYSTEM: &[&str] = &[
    "/proc/cpuinfo",
    "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system/cpu",
];

/// What a GPU driver reads: its libraries, which it loads on first use, its settings, and the kernel's information on
/// devices and on this process.
const DRIVER: &[&str] = &[
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local",
    "/opt",
    "/usr/share",
    "/etc/ld.so.cache",
    "/etc/vulkan",
    "/etc/nvidia",
    "/proc/driver",
    "/proc/devices",
    "/proc/modules",
    "/proc/meminfo",
    "/proc/self",
    "/sys",
];

/// Prefixes of the names of GPU device files, and devices that every driver expects.
const DEVICES: &[&str] = &["nvidia", "dri", "kfd", "null", "zero", "shm"];

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Limits {
    /// Files and folders that stay readable.
    pub readable: Vec<PathBuf>,
    /// Address space in bytes.
    pub memory_bytes: Option<u64>,
    /// CPU time in seconds; the kernel ends the process after it.
    pub cpu_seconds: Option<u64>,
    /// GPU device files, which stay readable and writable.
    pub writable: Vec<PathBuf>,
}

impl Limits {
    /// For an engine that runs these models. Its address space is not limited: models are mapped whole, threads reserve
    /// much more than they use, and a GPU driver maps the card's memory, so a limit high enough for all that would
    /// protect nothing.
    pub fn for_models(models: &[PathBuf]) -> Self {
        let mut readable = models.to_vec();
        readable.extend(SYSTEM.iter().map(PathBuf::from));
        Self {
            readable,
            ..Self::default()
        }
    }

    /// Adds what an engine on a GPU needs. `libraries` are folders of driver libraries besides the usual ones.
    pub fn with_gpu(mut self, libraries: impl IntoIterator<Item = PathBuf>) -> Self {
        self.readable.extend(DRIVER.iter().map(PathBuf::from));
        self.readable.extend(libraries);
        let names = std::fs::read_dir("/dev").into_iter().flatten().flatten();
        let is_device = |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| DEVICES.iter().any(|known| name.starts_with(known)))
        };
        let devices = names
            .map(|entry| entry.path())
            .filter(|path| is_device(path));
        self.writable.extend(devices);
        self
    }

    pub(super) fn has_gpu(&self) -> bool {
        !self.writable.is_empty()
    }

    /// Sets the limits of this process, and reads them back to see whether they hold.
    pub(super) fn impose(&self) -> bool {
        let descriptors = if self.has_gpu() {
            DESCRIPTORS_WITH_GPU
        } else {
            DESCRIPTORS
        };
        // The soft limit sends SIGXCPU; the hard one, a second later, SIGKILL.
        let cpu = self.cpu_seconds.map(|seconds| (seconds, seconds + 1));
        let wanted = [
            (Resource::CORE, Some((0, 0))),
            (Resource::NOFILE, Some((descriptors, descriptors))),
            (Resource::AS, self.memory_bytes.map(|bytes| (bytes, bytes))),
            (Resource::CPU, cpu),
        ];
        let mut held = true;
        for (resource, wanted) in wanted {
            let Some((soft, hard)) = wanted else { continue };
            held &= lower_limit(resource, soft, hard);
        }
        held
    }
}

/// Lowers a limit; a limit that is already lower stays.
fn lower_limit(resource: Resource, soft: u64, hard: u64) -> bool {
    let Ok((_, allowed)) = resource.get() else {
        return false;
    };
    let hard = hard.min(allowed);
    let set = resource.set(soft.min(hard), hard);
    let found = resource.get();
    set.is_ok() && found.is_ok_and(|(now, most)| now <= soft && most <= hard)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_reads_its_models_and_little_of_the_system() {
        let limits = Limits::for_models(&["/models/one.gguf".into()]);
        let reads = |path: &str| {
            limits
                .readable
                .iter()
                .any(|allowed| Path::new(path).starts_with(allowed))
        };
        assert!(reads("/models/one.gguf") && reads("/proc/cpuinfo"));
        for hidden in [
            "/proc/1/environ",
            "/proc/self/environ",
            "/proc/self/maps",
            "/proc/self/mem",
            "/sys/class/net",
            "/etc/passwd",
        ] {
            assert!(!reads(hidden), "{hidden}");
        }
        assert!(!limits.has_gpu());
    }

    #[test]
    fn a_gpu_gets_its_devices_and_no_disk() {
        let limits = Limits::for_models(&[]).with_gpu(["/opt/driver/lib".into()]);
        assert!(limits.has_gpu());
        assert!(limits.readable.contains(&"/opt/driver/lib".into()));
        let dev = Path::new("/dev");
        assert!(
            limits
                .writable
                .iter()
                .all(|path| path.parent() == Some(dev))
        );
        assert!(
            !limits
                .writable
                .iter()
                .any(|path| path.ends_with("mem") || path.ends_with("vda"))
        );
    }

    #[test]
    fn a_limit_is_lowered_and_never_raised() {
        let (soft, hard) = Resource::CORE.get().unwrap();
        assert!(lower_limit(Resource::CORE, soft, hard));
        assert!(lower_limit(Resource::CORE, 0, 0));
        assert!(lower_limit(Resource::CORE, 4096, 4096), "a lower one stays");
        assert_eq!(Resource::CORE.get().unwrap(), (0, 0));
    }
}
